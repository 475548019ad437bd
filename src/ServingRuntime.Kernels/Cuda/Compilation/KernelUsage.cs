namespace Octavo.ServingRuntime.Kernels.Cuda.Compilation;

/// <summary>What a compiled kernel takes of a multiprocessor.</summary>
/// <param name="Registers">Of a thread.</param>
/// <param name="SpillBytes">Stores and loads of registers that did not fit, of a thread.</param>
/// <param name="SharedBytes">Static shared memory of a block.</param>
internal sealed record KernelUsage(string Kernel, int Registers, int SpillBytes, int SharedBytes);
