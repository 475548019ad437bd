namespace Octavo.ServingRuntime.Kernels.Cuda.Native;

/// <summary>What is known of the driver's codes (CUresult of cuda.h).</summary>
internal static class CudaErrors
{
    public const int OutOfMemory = 2;
    public const int NotReady = 600;

    /// <summary>
    /// Codes after which every further call fails: the context is gone, and only a new process gets another. Uncorrectable memory and link errors, faults of kernels, launches that
    /// timed out or failed, hardware stacks, an MPS server that has ended this client; and "unknown", after which nothing can be relied on.
    /// </summary>
    public static bool IsSticky(int code) => code is 214 or 220 or 226 or 700 or 702 or 709 or 710 or (>= 714 and <= 719) or 721 or 810 or 999;

    /// <summary>What is being recorded cannot be: somebody waits for the stream, takes memory or does what else a record may not hold. Nothing is lost but the record.</summary>
    public static bool IsOfCapture(int code) => code is >= 900 and <= 908;

    /// <summary>What a person can do about it, to be put behind the driver's words.</summary>
    public static string Hint(int code) => code switch
    {
        3 or 999 => "; the driver did not start: see nvidia-smi and the kernel's log",
        34 => "; this is the stub that toolkits bring for linking: remove its folder from LD_LIBRARY_PATH",
        46 => "; other processes use the device exclusively",
        100 => "; the node has no GPU, or the container was given none (nvidia.com/gpu, NVIDIA_VISIBLE_DEVICES)",
        101 => "; there is no device of this number",
        209 or 222 or 223 => "; the compiled kernels do not fit this device or driver",
        214 => "; the device's memory has an error that cannot be corrected: drain the node and reset the device",
        221 => "; the driver's libnvidia-ptxjitcompiler.so.1 is missing: a container needs NVIDIA_DRIVER_CAPABILITIES=compute,utility",
        802 => "; the node's fabric manager is not running",
        803 => "; the driver's kernel module and library are of different versions: restart the node after updating the driver",
        804 => "; CUDA's forward compatibility package does not support this device",
        _ => "",
    };
}
