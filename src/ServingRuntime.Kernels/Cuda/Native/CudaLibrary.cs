namespace Octavo.ServingRuntime.Kernels.Cuda.Native;

/// <summary>A library of NVIDIA's that is loaded by name, never linked.</summary>
/// <param name="Name">For people.</param>
/// <param name="FileNames">With their major versions, the one to prefer first; 0: the name has none.</param>
/// <param name="Install">What to do where it is missing: the end of a sentence's "… is missing; ".</param>
internal sealed record CudaLibrary(string Name, IReadOnlyList<(string File, int Major)> FileNames, string Install)
{
    public static CudaLibrary Driver { get; } = new(
        "the CUDA driver",
        [("libcuda.so.1", 0)],
        "install NVIDIA's driver on the node; in a container, ask for nvidia.com/gpu (or run with --gpus), so that the container toolkit mounts it");

    public static CudaLibrary Nvrtc { get; } = new(
        "NVRTC, CUDA's run-time compiler",
        [("libnvrtc.so.13", 13), ("libnvrtc.so.12", 12)],
        "install cuda-nvrtc-13-x or cuda-nvrtc-12-x (NVIDIA's repositories), libnvrtc12 (Debian non-free) or nvidia-cuda-nvrtc (pip)");

    public static CudaLibrary CublasLt { get; } = new(
        "cuBLASLt",
        [("libcublasLt.so.13", 13), ("libcublasLt.so.12", 12)],
        "install libcublas-13-x or libcublas-12-x (NVIDIA's repositories), libcublaslt12 (Debian non-free) or nvidia-cublas (pip), of NVRTC's major version");

    /// <summary>For several devices together only.</summary>
    public static CudaLibrary Nccl { get; } = new(
        "NCCL",
        [("libnccl.so.2", 0)],
        "install libnccl2 (NVIDIA's repositories, Debian contrib) or nvidia-nccl-cu13 (pip); one device alone does not need it");
}
