using Microsoft.Extensions.Logging;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cpu.Topology;
using Octavo.ServingRuntime.Kernels.Cuda;
using Octavo.ServingRuntime.Kernels.Cuda.Compilation;
using Octavo.ServingRuntime.Kernels.Cuda.Native;
using Octavo.ServingRuntime.Kernels.Cuda.Products;

namespace Octavo.ServingRuntime.Engine.Devices;

/// <summary>Opens the backend that the options name.</summary>
/// <param name="environment">Value of a variable, or null: where CUDA's libraries are looked for, and where compiled kernels are kept.</param>
internal sealed partial class BackendOpening(EngineOptions options, Func<string, string?> environment, ILogger logger)
{
    /// <summary>The options are taken as valid.</summary>
    /// <exception cref="EngineStartException">The device cannot be opened; the message says what is missing or wrong, and what to do.</exception>
    public IKernelBackend Open()
    {
        _ = DeviceChoice.TryParse(options.Device, out var choice);
        var topology = CpuTopology.OfProcess();
        var threads = options.CpuThreads ?? topology.DefaultThreads;
        LogThreads(logger, threads, options.CpuThreads is null ? "chosen" : "asked for", topology.Description);
        return choice.Kind switch
        {
            DeviceKind.Cpu => Cpu(threads, topology),
            DeviceKind.Cuda => Cuda(choice.Ordinal, threads),
            _ => CudaIfUsable(threads) as IKernelBackend ?? Cpu(threads, topology),
        };
    }

    /// <summary>Whether an exception is about the device or its libraries, so that its message is all that anybody needs to know.</summary>
    public static bool IsOfDevice(Exception exception) =>
        exception is CudaException or CudaLibraryMissingException or CudaDriverTooOldException or CublasException or KernelCompilationException or NotSupportedException;

    private CpuBackend Cpu(int threads, CpuTopology topology)
    {
        if (!CpuInstructionSets.TryParse(options.CpuInstructions, out var instructions, out var fault))
        {
            throw new EngineStartException($"CpuInstructions: {fault}");
        }

        var backend = new CpuBackend(threads, instructions, topology);
        if (backend.Limitation is { } limitation)
        {
            LogLimitation(logger, limitation);
        }

        return backend;
    }

    private CudaBackend Cuda(int ordinal, int threads)
    {
        try
        {
            return CudaBackend.Open(new CudaBackendOptions(ordinal, threads, Graphs: !options.EnforceEager), environment, logger);
        }
        catch (Exception exception) when (IsOfDevice(exception))
        {
            throw new EngineStartException($"cuda:{ordinal} cannot be used: {exception.Message}", exception);
        }
    }

    /// <summary>Null: there is no device, or something that it needs is missing. What a device that answers has no memory for, or what broke on it, is an error: the CPU would hide it.</summary>
    private CudaBackend? CudaIfUsable(int threads)
    {
        try
        {
            return Cuda(0, threads);
        }
        catch (EngineStartException exception) when (exception.InnerException is CudaLibraryMissingException { IsDriver: true })
        {
            LogNoDriver(logger);
        }
        catch (EngineStartException exception)
            when (exception.InnerException is not (CudaOutOfMemoryException or CudaException { IsSticky: true } or KernelCompilationException))
        {
            LogFallback(logger, exception.Message);
        }

        return null;
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Threads} CPU threads {Reason}; the process may use {Topology}")]
    private static partial void LogThreads(ILogger logger, int threads, string reason, string topology);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "CPU kernels are limited: {Limitation}")]
    private static partial void LogLimitation(ILogger logger, string limitation);

    [LoggerMessage(EventId = 3, Level = LogLevel.Information, Message = "No CUDA driver is installed: the CPU computes")]
    private static partial void LogNoDriver(ILogger logger);

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message = "The CPU computes, though there is a CUDA driver: {Reason}. --device cuda makes this an error, --device cpu silences it")]
    private static partial void LogFallback(ILogger logger, string reason);
}
