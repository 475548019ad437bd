using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Octavo.ServingRuntime.Kernels.Cuda.Device;
using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Cuda.Compilation;

/// <summary>Compiles this assembly's kernels for one device, or takes them from the cache.</summary>
internal sealed partial class KernelCompiler
{
    private readonly Nvrtc nvrtc;
    private readonly KernelCache cache;
    private readonly ILogger logger;

    /// <exception cref="CudaDriverTooOldException">The driver could not load what this compiler makes.</exception>
    public KernelCompiler(Nvrtc nvrtc, CudaDevice device, KernelCache cache, ILogger logger)
    {
        // Within a major version a driver loads newer machine code for its device; PTX it must know the version of.
        Architecture = CudaArchitecture.For(device.Capability, nvrtc.Architectures);
        var needed = Architecture.IsVirtual ? nvrtc.Version : new CudaVersion(nvrtc.Version.Major, 0);
        if (device.DriverVersion.CompareTo(needed) < 0)
        {
            throw new CudaDriverTooOldException(device.DriverVersion, needed, $"what NVRTC {nvrtc.Version} makes");
        }

        this.nvrtc = nvrtc;
        this.cache = cache;
        this.logger = logger;
    }

    public CudaArchitecture Architecture { get; }

    /// <summary>For the log.</summary>
    public string Description => $"NVRTC {nvrtc.Version} for {Architecture.Option}";

    /// <summary>The image of a source, for <see cref="CudaDevice.LoadModule"/>.</summary>
    /// <exception cref="KernelCompilationException">It does not compile.</exception>
    public byte[] Image(KernelSource source)
    {
        var key = KernelCache.Key(source, Architecture, $"NVRTC {nvrtc.Version}", Nvrtc.Options);
        if (cache.Find(key) is { } kept)
        {
            return kept;
        }

        var begin = Stopwatch.GetTimestamp();
        CompiledKernels compiled;
        try
        {
            compiled = nvrtc.Compile(source, Architecture);
        }
        catch (KernelCompilationException failure)
        {
            LogFailed(logger, failure, source.Name, Architecture.Option);
            throw;
        }

        LogCompiled(logger, source.Name, Architecture.Option, (long)Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        foreach (var kernel in compiled.Usage.Where(kernel => kernel.SpillBytes > 0))
        {
            LogSpills(logger, kernel.Kernel, kernel.SpillBytes, Architecture.Option);
        }

        cache.Keep(key, compiled.Image);
        return compiled.Image;
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Source} compiled for {Architecture} in {Milliseconds} ms")]
    private static partial void LogCompiled(ILogger logger, string source, string architecture, long milliseconds);

    [LoggerMessage(EventId = 3, Level = LogLevel.Error, Message = "{Source} does not compile for {Architecture}")]
    private static partial void LogFailed(ILogger logger, Exception failure, string source, string architecture);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "{Kernel} spills {Bytes} bytes a thread on {Architecture}: it will be slow")]
    private static partial void LogSpills(ILogger logger, string kernel, int bytes, string architecture);
}
