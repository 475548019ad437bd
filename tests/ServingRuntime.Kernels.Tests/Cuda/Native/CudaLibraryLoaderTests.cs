using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ServingRuntime.Kernels.Cuda.Native;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Native;

public sealed class CudaLibraryLoaderTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("octavo-cuda").FullName;
    private readonly List<string> opened = [];
    private readonly HashSet<string> broken = new(StringComparer.Ordinal);

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Load_Nvrtc_ItsBuiltinsFirst()
    {
        Have("/a/libnvrtc.so.12", "/a/libnvrtc-builtins.so.12.4", "/a/libnvrtc-builtins.so.13.0", "/a/libnvrtc.so.13");
        Loader("/a").Load(CudaLibrary.Nvrtc).Major.Should().Be(13);
        opened.Should().Equal("/a/libnvrtc-builtins.so.13.0", "/a/libnvrtc.so.13");
    }

    [Fact]
    public void Load_FirstCandidateCannotBeLoaded_TheNext()
    {
        Have("/a/libcuda.so.1", "/b/libcuda.so.1");
        broken.Add("/a/libcuda.so.1");
        Loader("/a:/b").Load(CudaLibrary.Driver).Path.Should().Be(root + "/b/libcuda.so.1");
    }

    [Fact]
    public void Load_NoneCanBeLoaded_SaysWhichWhatWasTriedAndWhatToInstall()
    {
        Have("/a/libcuda.so.1");
        broken.UnionWith(["/a/libcuda.so.1", "libcuda.so.1"]);
        var load = () => Loader("/a").Load(CudaLibrary.Driver);
        var failure = load.Should().Throw<CudaLibraryMissingException>().WithMessage("the CUDA driver (libcuda.so.1) cannot be loaded; install NVIDIA's driver*nvidia.com/gpu*OCTAVO_CUDA_LIBRARIES*").Which;
        failure.Tried.Should().Equal($"{root}/a/libcuda.so.1: it is broken", "libcuda.so.1: not found by the system's loader");
    }

    [Fact]
    public void LoadToolkit_NewerCompilerWithoutItsProducts_TheMajorVersionThatHasBoth()
    {
        Have("/a/libnvrtc.so.13", "/a/libnvrtc.so.12", "/b/libcublasLt.so.12");
        broken.UnionWith(["libcublasLt.so.13", "libcublasLt.so.12", "libnvrtc.so.12", "libnvrtc.so.13"]);
        var (nvrtc, products) = Loader("/a:/b").LoadToolkit(13);
        (nvrtc.Major, products.Major).Should().Be((12, 12));
    }

    [Theory]
    [InlineData(12, 12)]
    [InlineData(13, 13)]
    [InlineData(11, 13)]
    public void LoadToolkit_TwoMajorVersions_TheNewestThatTheDriverRuns(int driver, int chosen)
    {
        Have("/a/libnvrtc.so.13", "/a/libnvrtc.so.12", "/a/libcublasLt.so.13", "/a/libcublasLt.so.12");
        var (nvrtc, products) = Loader("/a").LoadToolkit(driver);
        (nvrtc.Major, products.Major).Should().Be((chosen, chosen));
    }

    [Fact]
    public void LoadToolkit_NoProducts_NamesThem()
    {
        Have("/a/libnvrtc.so.13");
        broken.UnionWith(["libcublasLt.so.13", "libcublasLt.so.12", "libnvrtc.so.12"]);
        var load = () => Loader("/a").LoadToolkit(13);
        load.Should().Throw<CudaLibraryMissingException>().WithMessage("cuBLASLt (libcublasLt.so.13 or libcublasLt.so.12) cannot be loaded; install libcublas*");
    }

    [Fact]
    public void Load_RealLoaderAndNoLibrary_MissingLibrary()
    {
        var library = new CudaLibrary("a library of nobody's", [("libof-nobody.so.7", 7)], "install it");
        var load = () => new CudaLibraryLoader(new CudaLibrarySearch(_ => null, root), NullLogger.Instance).Load(library);
        load.Should().Throw<CudaLibraryMissingException>().WithMessage("*libof-nobody.so.7: not found by the system's loader*");
    }

    [Fact]
    public void Load_FromAFolder_IsLogged()
    {
        Have("/a/libcuda.so.1");
        var logger = new LogLines();
        new CudaLibraryLoader(Search("/a"), logger, Open).Load(CudaLibrary.Driver);
        logger.Lines.Should().Equal($"Information the CUDA driver: {root}/a/libcuda.so.1");
    }

    private CudaLibraryLoader Loader(string folders) => new(Search(folders), NullLogger.Instance, Open);

    private CudaLibrarySearch Search(string folders) => new(name => name == CudaLibrarySearch.Variable ? folders : null, root);

    private nint Open(string path)
    {
        var name = path.StartsWith(root, StringComparison.Ordinal) ? path[root.Length..] : path;
        if (broken.Contains(name))
        {
            throw new DllNotFoundException("it is broken");
        }

        opened.Add(name);
        return 1;
    }

    private void Have(params string[] files)
    {
        foreach (var file in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(root + file)!);
            File.WriteAllText(root + file, "");
        }
    }
}
