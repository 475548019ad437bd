using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Compilation;
using Octavo.ServingRuntime.Kernels.Cuda.Device;
using Octavo.ServingRuntime.Kernels.Cuda.Launch;
using Octavo.ServingRuntime.Kernels.Cuda.Native;
using Octavo.ServingRuntime.Kernels.Cuda.Products;

namespace Octavo.ServingRuntime.Kernels.Cuda;

/// <summary>
/// A GPU behind the interface, on one stream. An error that stays is kept in <see cref="Loss"/>.
/// </summary>
public sealed unsafe partial class CudaBackend : IKernelBackend
{
    private readonly CudaDevice device;
    private readonly CudaStream stream;
    private readonly StagedCopies copies;
    private readonly KernelLibrary kernels;
    private readonly KernelLauncher launcher;
    private readonly MatrixProducts products;
    private readonly QuantizedProducts quantizedProducts;
    private readonly ExpertProducts expertProducts;
    private readonly GraphReplay? graphs;
    private readonly ThreadTeam team;
    private readonly Lock copying = new();
    private readonly Stack<IDisposable> owned = new();
    private readonly ScratchMemory rounded;
    private readonly ScratchMemory gateUp;
    private readonly ScratchMemory candidates;
    private readonly ScratchMemory moves;
    private readonly ScratchMemory draws;

    // Of one size for good, so that captured launches may hold its address.
    private readonly DeviceMemory partials;

    /// <summary>Takes the device over: it is disposed with this, or here where something fails.</summary>
    /// <param name="recordings">Log of <see cref="Replay"/>; null: it does the work each time.</param>
    internal CudaBackend(CudaDevice device, KernelCompiler compiler, LoadedLibrary cublasLt, int hostThreads, ILogger? recordings = null)
    {
        this.device = Own(device);
        try
        {
            stream = Own(device.CreateStream());
            kernels = Own(new KernelLibrary(device, source => compiler.Image(KernelSource.Read(source))));
            kernels.LoadAll(KernelSource.AtStart);
            copies = Own(new StagedCopies(device.Context, stream));
            launcher = new KernelLauncher(kernels, stream);
            products = Own(new MatrixProducts(cublasLt, device, stream));
            quantizedProducts = Own(new QuantizedProducts(launcher, products, device));
            expertProducts = Own(new ExpertProducts(launcher, device));
            rounded = Own(new ScratchMemory(device));
            gateUp = Own(new ScratchMemory(device));
            candidates = Own(new ScratchMemory(device));
            moves = Own(new ScratchMemory(device));
            draws = Own(new ScratchMemory(device));
            partials = Own(device.Allocate(AttentionSplits.PartialBytes(device.TotalBytes), CudaMemoryPurpose.Activations));
            team = Own(new ThreadTeam(hostThreads));
            graphs = recordings is null ? null : Own(new GraphReplay(device, stream, recordings));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Kernels.Device Device => device.Device;

    public string Description => device.Description;

    public DeviceMemoryUse? MemoryUse => new(device.TotalBytes, device.FreeBytes());

    public int HostThreads => team.Size;

    /// <summary>The error after which nothing works on the device in this process; null: none.</summary>
    public CudaException? Loss => device.Loss;

    /// <summary>Finds the libraries, opens the device and compiles the kernels for it; each failure says what is missing.</summary>
    /// <exception cref="CudaLibraryMissingException">A library cannot be loaded.</exception>
    /// <exception cref="CudaException">The device cannot be opened.</exception>
    /// <exception cref="CudaDriverTooOldException">The driver is older than this runtime or its compiler.</exception>
    public static CudaBackend Open(CudaBackendOptions options, Func<string, string?> environment, ILogger logger)
    {
        var loader = new CudaLibraryLoader(new CudaLibrarySearch(environment), logger);
        var device = CudaDevice.Open(new CudaDriver(loader.Load(CudaLibrary.Driver)), options.Ordinal);
        try
        {
            var (nvrtc, cublasLt) = loader.LoadToolkit(device.DriverVersion.Major);
            var cache = new KernelCache(KernelCacheFolder.Choose(options.CacheFolder, environment), logger);
            var compiler = new KernelCompiler(new Nvrtc(nvrtc), device, cache, logger);
            var backend = new CudaBackend(device, compiler, cublasLt, options.HostThreads, options.Graphs ? logger : null);
            LogOpened(logger, backend.Description, compiler.Description, backend.products.Version);
            if (device.VisibleDevices > 1)
            {
                LogIdleDevices(logger, device.VisibleDevices, device.Device.ToString());
            }

            return backend;
        }
        catch
        {
            // Again, where the backend has done it: that does nothing.
            device.Dispose();
            throw;
        }
    }

    /// <summary>What its operations are enqueued on.</summary>
    internal CudaStream Stream => stream;

    /// <summary>The device that it has opened.</summary>
    internal CudaDevice Opened => device;

    public bool CanReplay => graphs is not null;

    /// <summary>Graphs that are ready to be launched.</summary>
    public int GraphCount => graphs?.Count ?? 0;

    public void Replay(long shape, Action work)
    {
        if (graphs is null)
        {
            work();
        }
        else
        {
            graphs.Run(shape, work);
        }
    }

    /// <inheritdoc/>
    /// <remarks>An empty stream is done whatever became of its device: so there is something to do.</remarks>
    public void CheckDevice()
    {
        stream.Fill(partials.Address, 0, sizeof(int));
        stream.Synchronize();
    }

    public void RunOnHost(Action<int, int> work, int parts) => team.Run(work, parts);

    public Tensor Allocate(TensorShape shape, DType dtype) => Allocate(shape, dtype, CudaMemoryPurpose.Activations);

    public void CopyToDevice<T>(ReadOnlySpan<T> source, in Tensor destination) where T : unmanaged
    {
        Check<T>(destination, source.Length <= destination.Shape.ElementCount);
        lock (copying)
        {
            copies.ToDevice(MemoryMarshal.AsBytes(source), (nint)destination.Pointer<byte>());
        }
    }

    /// <inheritdoc/>
    /// <remarks>Threads of <see cref="RunOnHost"/> may call it: they take turns.</remarks>
    public void CopyToHost<T>(in Tensor source, Span<T> destination) where T : unmanaged
    {
        Check<T>(source, source.Shape.ElementCount <= destination.Length);
        lock (copying)
        {
            copies.ToHost((nint)source.Pointer<byte>(), MemoryMarshal.AsBytes(destination[..(int)source.Shape.ElementCount]));
        }
    }

    /// <summary>In the opposite order of their making: copies end before their memory goes, the device last.</summary>
    public void Dispose()
    {
        while (owned.TryPop(out var next))
        {
            next.Dispose();
        }
    }

    private T Own<T>(T made) where T : IDisposable
    {
        owned.Push(made);
        return made;
    }

    private Tensor Allocate(TensorShape shape, DType dtype, CudaMemoryPurpose purpose)
    {
        var memory = device.Allocate(checked(shape.ElementCount * dtype.Size()), purpose);
        try
        {
            if (memory.Bytes > 0)
            {
                stream.Fill(memory.Address, 0, memory.Bytes);
            }
        }
        catch
        {
            memory.Dispose();
            throw;
        }

        return new Tensor(memory, 0, shape, dtype);
    }

    private static void Check<T>(in Tensor tensor, bool fits, [CallerArgumentExpression(nameof(tensor))] string name = "") where T : unmanaged => Arguments.That(
        fits && tensor.IsDense && Unsafe.SizeOf<T>() == tensor.DType.Size(), $"{name}: a copy of {typeof(T).Name} and {tensor.Shape} {tensor.DType}");

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "The process was given {Count} devices, of which {Device} alone computes: ask for one (accelerator.count, CUDA_VISIBLE_DEVICES)")]
    private static partial void LogIdleDevices(ILogger logger, int count, string device);

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Device}; kernels by {Compiler}; products by cuBLASLt {Version}")]
    private static partial void LogOpened(ILogger logger, string device, string compiler, string version);
}
