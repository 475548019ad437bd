using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Layers;

/// <summary>x · Wᵀ (+ b), of one checkpoint matrix or of several with the same input stacked by outputs.</summary>
public sealed class Linear : IDisposable
{
    private readonly IKernelBackend backend;
    private readonly Func<IReadOnlyList<LinearWeight>>? reload;
    private readonly LinearObserver? observer;
    private IReadOnlyList<LinearWeight> weights;

    public Linear(WeightLoader loader, int inFeatures, bool bias, params ReadOnlySpan<(string Prefix, int OutFeatures)> parts)
    {
        backend = loader.Backend;
        weights = loader.Linear(inFeatures, bias, parts);
        OutFeatures = weights.Sum(weight => weight.OutFeatures);
        (InFeatures, Parts, observer) = (inFeatures, parts.ToArray(), loader.Observer);
        if (observer is not null)
        {
            // What is only looked at keeps one matrix in memory at a time, so that a model larger than memory can be.
            Dispose();
            reload = () => loader.Linear(inFeatures, bias, Parts);
        }
    }

    /// <summary>Over a weight that is there already.</summary>
    /// <param name="prefix">Its name in the checkpoint.</param>
    internal Linear(IKernelBackend backend, LinearWeight weight, string prefix)
    {
        this.backend = backend;
        weights = [weight];
        (InFeatures, OutFeatures, Parts) = (weight.InFeatures, weight.OutFeatures, [(prefix, weight.OutFeatures)]);
    }

    public int InFeatures { get; }

    public int OutFeatures { get; }

    /// <summary>Its matrices in the checkpoint, in the order of their outputs.</summary>
    internal (string Prefix, int OutFeatures)[] Parts { get; }

    /// <summary>The one weight that it is, where it is one and is kept.</summary>
    internal LinearWeight? Single => reload is null && weights.Count == 1 ? weights[0] : null;

    public void Forward(in Tensor x, in Tensor output)
    {
        Begin(x);
        Multiply(x, output);
        End();
    }

    /// <summary>output [T, F] = activation(the first half of the outputs) * the second half.</summary>
    public void ForwardGated(in Tensor x, GatedActivation activation, in Tensor output, ActivationArena arena)
    {
        Begin(x);
        if (weights.Count == 1)
        {
            backend.GatedLinear(x, weights[0], activation, output);
        }
        else
        {
            // Both halves are held in different ways.
            var mark = arena.Mark();
            var wide = arena.Take(x.Shape[0], OutFeatures, output.DType);
            Multiply(x, wide);
            backend.ActivationMul(activation, wide, output);
            arena.Release(mark);
        }

        End();
    }

    private void Begin(in Tensor x)
    {
        if (reload is not null)
        {
            observer!(this, x);
            weights = reload();
        }
    }

    private void Multiply(in Tensor x, in Tensor output)
    {
        for (int i = 0, first = 0; i < weights.Count; i++)
        {
            backend.Linear(x, weights[i], output.Columns(first, weights[i].OutFeatures));
            first += weights[i].OutFeatures;
        }
    }

    private void End()
    {
        if (reload is not null)
        {
            Dispose();
        }
    }

    public void Dispose()
    {
        foreach (var weight in weights)
        {
            weight.Dispose();
        }

        weights = [];
    }
}

/// <summary>Sees what goes into a linear layer: x [T, inputs], valid during the call.</summary>
public delegate void LinearObserver(Linear linear, in Tensor x);
