using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Layers;

/// <summary>x · Wᵀ (+ b), of one checkpoint matrix or of several with the same input stacked by outputs.</summary>
public sealed class Linear : IDisposable
{
    private readonly IKernelBackend backend;
    private readonly IReadOnlyList<LinearWeight> weights;

    public Linear(WeightLoader loader, int inFeatures, bool bias, params ReadOnlySpan<(string Prefix, int OutFeatures)> parts)
    {
        backend = loader.Backend;
        weights = loader.Linear(inFeatures, bias, parts);
        OutFeatures = weights.Sum(weight => weight.OutFeatures);
    }

    public int OutFeatures { get; }

    public void Forward(in Tensor x, in Tensor output)
    {
        for (int i = 0, first = 0; i < weights.Count; i++)
        {
            backend.Linear(x, weights[i], output.Columns(first, weights[i].OutFeatures));
            first += weights[i].OutFeatures;
        }
    }

    public void Dispose()
    {
        foreach (var weight in weights)
        {
            weight.Dispose();
        }
    }
}
