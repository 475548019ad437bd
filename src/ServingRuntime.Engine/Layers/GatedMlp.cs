using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Layers;

/// <summary>down(activation(gate(x)) * up(x)), with gate and up in one matrix.</summary>
public sealed class GatedMlp : IFeedForward
{
    private readonly Linear gateUp;
    private readonly Linear down;
    private readonly GatedActivation activation;
    private readonly int intermediateSize;

    public GatedMlp(WeightLoader weights, string prefix, int hiddenSize, int intermediateSize, GatedActivation activation, GatedMlpNames? names = null, bool bias = false)
    {
        names ??= new GatedMlpNames();
        this.activation = activation;
        this.intermediateSize = intermediateSize;
        gateUp = names.FusedGateUp is { } fused
            ? new Linear(weights, hiddenSize, bias, ($"{prefix}.{fused}", 2 * intermediateSize))
            : new Linear(weights, hiddenSize, bias, ($"{prefix}.{names.Gate}", intermediateSize), ($"{prefix}.{names.Up}", intermediateSize));
        down = new Linear(weights, intermediateSize, bias, ($"{prefix}.{names.Down}", hiddenSize));
    }

    internal Linear GateUp => gateUp;

    internal Linear Down => down;

    public void Forward(in Tensor hidden, ActivationArena arena)
    {
        var mark = arena.Mark();
        var tokens = hidden.Shape[0];
        var activated = arena.Take(tokens, intermediateSize, hidden.DType);
        gateUp.ForwardGated(hidden, activation, activated, arena);
        down.Forward(activated, hidden);
        arena.Release(mark);
    }

    public void Dispose()
    {
        gateUp.Dispose();
        down.Dispose();
    }
}

/// <summary>Names of a gated network's matrices; Llama's by default.</summary>
/// <param name="FusedGateUp">One matrix of both, the gate's rows first.</param>
public sealed record GatedMlpNames(string Gate = "gate_proj", string Up = "up_proj", string Down = "down_proj", string? FusedGateUp = null);
