using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ServingRuntime.Kernels.Cuda.Compilation;
using Octavo.ServingRuntime.Kernels.Cuda.Native;
using Octavo.TestSupport.Cuda;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda;

/// <summary>
/// What tests of CUDA run on: kernels on the host behind the fake driver; with OCTAVO_TEST_GPU=1 the machine's own driver, compiler and device.
/// The fake is found through the explicit variable only, as any library of a user's would be.
/// </summary>
public sealed class CudaLibraries
{
    private readonly Lazy<LoadedLibrary> driver;
    private readonly Lazy<Nvrtc> nvrtc;
    private readonly Lazy<LoadedLibrary> products;
    private readonly Lazy<LoadedLibrary> collectives;

    public CudaLibraries()
    {
        IsReal = Environment.GetEnvironmentVariable("OCTAVO_TEST_GPU") == "1";
        var loader = new Lazy<CudaLibraryLoader>(() => new CudaLibraryLoader(
            IsReal ? new CudaLibrarySearch(Environment.GetEnvironmentVariable) : Search(HostBuild.Build()), NullLogger.Instance));
        driver = new Lazy<LoadedLibrary>(() => loader.Value.Load(CudaLibrary.Driver));
        nvrtc = new Lazy<Nvrtc>(() => new Nvrtc(loader.Value.Load(CudaLibrary.Nvrtc)));
        products = new Lazy<LoadedLibrary>(() => loader.Value.Load(CudaLibrary.CublasLt));
        collectives = new Lazy<LoadedLibrary>(() => loader.Value.Load(CudaLibrary.Nccl));
    }

    public bool IsReal { get; }

    /// <summary>On a real device compiling takes its time, and each test opens the device anew; null: nothing is kept.</summary>
    internal static string? KernelCacheOfTests => Environment.GetEnvironmentVariable("OCTAVO_TEST_GPU") == "1" ? Environment.GetEnvironmentVariable("OCTAVO_CUDA_CACHE") : null;

    /// <summary>Why nothing can run here; null: it can.</summary>
    public string? WhyNot => IsReal ? null : HostBuild.WhyNot;

    internal LoadedLibrary Driver => driver.Value;

    internal Nvrtc Nvrtc => nvrtc.Value;

    internal LoadedLibrary CublasLt => products.Value;

    internal LoadedLibrary Nccl => collectives.Value;

    /// <summary>Null on a real device.</summary>
    internal FakeDriver? Fake => IsReal ? null : new FakeDriver(Driver.Handle);

    /// <summary>A search that finds libraries in one folder, named by the variable.</summary>
    internal static CudaLibrarySearch Search(string folder) => new(name => name == CudaLibrarySearch.Variable ? folder : null);
}
