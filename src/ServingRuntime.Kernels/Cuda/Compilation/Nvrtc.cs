using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Cuda.Compilation;

/// <summary>CUDA's run-time compiler. Calls may come from several threads.</summary>
internal sealed unsafe class Nvrtc
{
    private readonly NvrtcApi api;

    public Nvrtc(LoadedLibrary library)
    {
        api = new NvrtcApi(library);
        int major, minor, count;
        Check(api.Version(&major, &minor), "nvrtcVersion");
        Version = new CudaVersion(major, minor);
        Check(api.GetNumSupportedArchs(&count), "nvrtcGetNumSupportedArchs");
        var architectures = new int[count];
        fixed (int* first = architectures)
        {
            Check(api.GetSupportedArchs(first), "nvrtcGetSupportedArchs");
        }

        Architectures = architectures;
    }

    public CudaVersion Version { get; }

    /// <summary>Numbers such as 80, 89, 90.</summary>
    public IReadOnlyList<int> Architectures { get; }

    /// <summary>What every source is compiled with, beside the architecture.</summary>
    public static IReadOnlyList<string> Options { get; } = ["--std=c++17", "--ptxas-options=-v"];

    /// <exception cref="KernelCompilationException">It does not compile.</exception>
    public CompiledKernels Compile(KernelSource source, CudaArchitecture architecture)
    {
        using var program = new NvrtcProgram(api, source);
        var log = program.Compile([$"--gpu-architecture={architecture.Option}", .. Options]);
        return new CompiledKernels(architecture.IsVirtual ? program.Ptx() : program.Cubin(), log);
    }

    private void Check(int code, string call)
    {
        if (code != 0)
        {
            throw new KernelCompilationException("NVRTC", $"{call}: {api.ErrorString(code)}", "");
        }
    }
}
