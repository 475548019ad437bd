namespace Octavo.ServingRuntime.Kernels.Cuda.Native;

/// <summary>What memory is for: it decides what an error advises.</summary>
internal enum CudaMemoryPurpose
{
    Weights,
    KeyValues,
    Activations,
    Staging,
}
