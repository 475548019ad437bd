namespace Octavo.ServingRuntime.Kernels;

/// <summary>Experts that are computed together. Made by <see cref="IExpertKernels.CreateExperts"/>; does not own the weights that it was made of.</summary>
public abstract class ExpertWeights(int count, int hiddenSize, int intermediateSize) : IDisposable
{
    public int Count { get; } = count;

    public int HiddenSize { get; } = hiddenSize;

    public int IntermediateSize { get; } = intermediateSize;

    public abstract void Dispose();
}
