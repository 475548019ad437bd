namespace Octavo.ServingRuntime.Kernels;

/// <summary>A matrix [OutFeatures, InFeatures] (and bias) in whatever form its backend computes with best. Made by <see cref="IKernelBackend.CreateLinear"/>.</summary>
public abstract class LinearWeight : IDisposable
{
    protected LinearWeight(int inFeatures, int outFeatures)
    {
        InFeatures = inFeatures;
        OutFeatures = outFeatures;
    }

    public int InFeatures { get; }

    public int OutFeatures { get; }

    /// <summary>Memory that it holds.</summary>
    public abstract long Bytes { get; }

    public abstract void Dispose();
}
