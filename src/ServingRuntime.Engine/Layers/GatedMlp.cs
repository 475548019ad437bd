using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Layers;

/// <summary>down(silu(gate(x)) * up(x)), with gate and up in one matrix.</summary>
public sealed class GatedMlp(WeightLoader weights, string prefix, int hiddenSize, int intermediateSize, bool bias) : IDisposable
{
    private readonly IKernelBackend backend = weights.Backend;
    private readonly Linear gateUp = new(weights, hiddenSize, bias, (prefix + ".gate_proj", intermediateSize), (prefix + ".up_proj", intermediateSize));
    private readonly Linear down = new(weights, intermediateSize, bias, (prefix + ".down_proj", hiddenSize));

    /// <summary>hidden [T, H] is replaced by the layer's output.</summary>
    public void Forward(in Tensor hidden, ActivationArena arena)
    {
        var mark = arena.Mark();
        var tokens = hidden.Shape[0];
        Tensor wide = arena.Take(tokens, gateUp.OutFeatures), activated = arena.Take(tokens, intermediateSize);
        gateUp.Forward(hidden, wide);
        backend.SiluMul(wide, activated);
        down.Forward(activated, hidden);
        arena.Release(mark);
    }

    public void Dispose()
    {
        gateUp.Dispose();
        down.Dispose();
    }
}
