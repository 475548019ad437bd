using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Layers;

/// <summary>x · Wᵀ (+ b), of one checkpoint matrix or of several with the same input stacked by outputs.</summary>
public sealed class Linear : IDisposable
{
    private readonly IKernelBackend backend;
    private readonly LinearWeight weight;

    public Linear(WeightLoader weights, int inFeatures, bool bias, params ReadOnlySpan<(string Prefix, int OutFeatures)> parts)
    {
        backend = weights.Backend;
        weight = weights.Linear(inFeatures, bias, parts);
    }

    public int OutFeatures => weight.OutFeatures;

    public void Forward(in Tensor x, in Tensor output) => backend.Linear(x, weight, output);

    public void Dispose() => weight.Dispose();
}
