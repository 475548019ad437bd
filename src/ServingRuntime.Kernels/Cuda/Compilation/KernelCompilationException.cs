namespace Octavo.ServingRuntime.Kernels.Cuda.Compilation;

/// <summary>A kernel's source does not compile for a device: a defect of this runtime or of the compiler that was found.</summary>
public sealed class KernelCompilationException : Exception
{
    internal KernelCompilationException(string source, string what, string log) : base($"{source}: {what}{(log.Length > 0 ? "\n" + log : "")}") => Log = log;

    /// <summary>The compiler's.</summary>
    public string Log { get; }
}
