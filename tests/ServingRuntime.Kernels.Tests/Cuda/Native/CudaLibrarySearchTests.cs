using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Native;

public sealed class CudaLibrarySearchTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("octavo-cuda").FullName;
    private readonly Dictionary<string, string> variables = new(StringComparer.Ordinal);

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Candidates_OfTheDriver_AskedForThenTheLoadersThenTheUsualFolders()
    {
        Have("/fake/libcuda.so.1", "/usr/local/nvidia/lib64/libcuda.so.1", "/usr/lib/x86_64-linux-gnu/libcuda.so.1", "/usr/local/cuda/lib64/stubs/libcuda.so.1");
        Driver().Should().Equal("libcuda.so.1", "/usr/local/nvidia/lib64/libcuda.so.1", "/usr/lib/x86_64-linux-gnu/libcuda.so.1");
        variables[CudaLibrarySearch.Variable] = "/nowhere: /fake :";
        Driver().Should().Equal("/fake/libcuda.so.1", "libcuda.so.1", "/usr/local/nvidia/lib64/libcuda.so.1", "/usr/lib/x86_64-linux-gnu/libcuda.so.1");
    }

    [Fact]
    public void Candidates_OfTheCompiler_ByPlaceAndThenByVersion()
    {
        Have(
            "/usr/lib/x86_64-linux-gnu/libnvrtc.so.12",
            "/usr/local/cuda/lib64/libnvrtc.so.12",
            "/usr/local/cuda/lib64/libnvrtc.so.13",
            "/venv/lib/python3.12/site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12",
            "/venv/lib/python3.12/site-packages/nvidia/cu13/lib/libnvrtc.so.13",
            "/usr/local/lib/python3.11/dist-packages/nvidia/cu13/lib/libnvrtc.so.13",
            "/opt/cuda/targets/x86_64-linux/lib/libnvrtc.so.13",
            "/mine/libnvrtc.so.12");
        variables["VIRTUAL_ENV"] = "/venv";
        variables["CUDA_HOME"] = "/opt/cuda";
        variables[CudaLibrarySearch.Variable] = "/mine";
        Candidates(CudaLibrary.Nvrtc).Should().Equal(
            "/mine/libnvrtc.so.12",
            "/opt/cuda/targets/x86_64-linux/lib/libnvrtc.so.13",
            "/venv/lib/python3.12/site-packages/nvidia/cu13/lib/libnvrtc.so.13",
            "/venv/lib/python3.12/site-packages/nvidia/cuda_nvrtc/lib/libnvrtc.so.12",
            "/usr/local/lib/python3.11/dist-packages/nvidia/cu13/lib/libnvrtc.so.13",
            "/usr/local/cuda/lib64/libnvrtc.so.13",
            "/usr/local/cuda/lib64/libnvrtc.so.12",
            "/usr/lib/x86_64-linux-gnu/libnvrtc.so.12",
            "libnvrtc.so.13",
            "libnvrtc.so.12");
    }

    [Fact]
    public void Candidates_EmptyMachine_TheLoaderIsAsked() => Candidates(CudaLibrary.CublasLt).Should().Equal("libcublasLt.so.13", "libcublasLt.so.12");

    private string[] Driver() => Candidates(CudaLibrary.Driver);

    private string[] Candidates(CudaLibrary library) =>
        [.. new CudaLibrarySearch(variables.GetValueOrDefault, root).Candidates(library).Select(candidate => candidate.IsBare ? candidate.Path : candidate.Path[root.Length..])];

    private void Have(params string[] files)
    {
        foreach (var file in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(root + file)!);
            File.WriteAllText(root + file, "");
        }
    }
}
