using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Engine.ModelRunner;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Layers;

/// <summary>Grouped-query attention over paged blocks: one fused projection of queries, keys and values.</summary>
public sealed class Attention : IDisposable
{
    private readonly IKernelBackend backend;
    private readonly RotaryEmbedding rotary;
    private readonly Linear qkv;
    private readonly Linear output;
    private readonly int queryWidth;
    private readonly int keyWidth;
    private readonly float scale;

    public Attention(WeightLoader weights, string prefix, ModelConfig config, RotaryEmbedding rotary)
    {
        backend = weights.Backend;
        this.rotary = rotary;
        queryWidth = config.NumAttentionHeads * config.HeadDim;
        keyWidth = config.NumKeyValueHeads * config.HeadDim;
        scale = 1f / MathF.Sqrt(config.HeadDim);
        qkv = new Linear(
            weights, config.HiddenSize, config.AttentionBias,
            (prefix + ".q_proj", queryWidth), (prefix + ".k_proj", keyWidth), (prefix + ".v_proj", keyWidth));
        output = new Linear(weights, queryWidth, config.AttentionBias, (prefix + ".o_proj", config.HiddenSize));
    }

    /// <summary>hidden [T, H] is replaced by the layer's output.</summary>
    public void Forward(in Tensor hidden, in AttentionMetadata metadata, KeyValueBlocks cache, ActivationArena arena)
    {
        var mark = arena.Mark();
        var tokens = hidden.Shape[0];
        Tensor projected = arena.Take(tokens, qkv.OutFeatures), attended = arena.Take(tokens, queryWidth);
        qkv.Forward(hidden, projected);
        rotary.Forward(projected.Columns(0, queryWidth + keyWidth), metadata.Positions);

        // All of the step's keys are stored before any query reads, so a request may share blocks that another fills in the same step.
        backend.StoreKeyValues(
            projected.Columns(queryWidth, keyWidth), projected.Columns(queryWidth + keyWidth, keyWidth), cache, metadata.Slots);
        backend.PagedAttention(projected.Columns(0, queryWidth), cache, metadata.Sequences, scale, attended);
        output.Forward(attended, hidden);
        arena.Release(mark);
    }

    public void Dispose()
    {
        qkv.Dispose();
        output.Dispose();
    }
}
