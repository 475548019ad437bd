using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Engine.ModelRunner;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Layers;

/// <summary>Grouped-query attention over paged blocks: one fused projection of queries, keys and values.</summary>
public sealed class Attention : IDisposable
{
    private readonly IKernelBackend backend;
    private readonly AttentionConfig layout;
    private readonly Linear qkv;
    private readonly Linear output;
    private readonly RmsNorm? queryNorm;
    private readonly RmsNorm? keyNorm;
    private readonly HeadNorms? norms;
    private readonly int queryWidth;
    private readonly int keyWidth;

    public Attention(WeightLoader weights, ModelConfig config, AttentionConfig layout)
    {
        backend = weights.Backend;
        this.layout = layout;
        queryWidth = config.NumAttentionHeads * config.HeadDim;
        keyWidth = config.NumKeyValueHeads * config.HeadDim;
        var prefix = layout.Prefix;
        qkv = layout.FusedProjection is { } fused
            ? new Linear(weights, config.HiddenSize, layout.QueryKeyValueBias, ($"{prefix}.{fused}", queryWidth + (2 * keyWidth)))
            : new Linear(
                weights, config.HiddenSize, layout.QueryKeyValueBias,
                (prefix + ".q_proj", queryWidth), (prefix + ".k_proj", keyWidth), (prefix + ".v_proj", keyWidth));
        output = new Linear(weights, queryWidth, layout.OutputBias, ($"{prefix}.{layout.OutputProjection}", config.HiddenSize));
        if (layout.HeadNorms)
        {
            queryNorm = new RmsNorm(weights, prefix + ".q_norm", config.HeadDim, config.RmsNormEps, layout.NormWeightOffset);
            keyNorm = new RmsNorm(weights, prefix + ".k_norm", config.HeadDim, config.RmsNormEps, layout.NormWeightOffset);
            norms = new HeadNorms(queryNorm.Weight, keyNorm.Weight, config.RmsNormEps);
        }
    }

    internal Linear Projection => qkv;

    internal Linear Output => output;

    /// <summary>Elements of all queries.</summary>
    internal int QueryWidth => queryWidth;

    /// <summary>Elements of all keys, and of all values.</summary>
    internal int KeyWidth => keyWidth;

    /// <summary>hidden [T, H] is replaced by the layer's output.</summary>
    public void Forward(in Tensor hidden, in AttentionMetadata metadata, KeyValueBlocks cache, ActivationArena arena)
    {
        var mark = arena.Mark();
        var tokens = hidden.Shape[0];
        Tensor projected = arena.Take(tokens, qkv.OutFeatures, hidden.DType), attended = arena.Take(tokens, queryWidth, hidden.DType);
        qkv.Forward(hidden, projected);
        // All of the step's keys are stored before any query reads, so a request may share blocks that another fills in the same step.
        backend.RotateAndStore(projected, norms, metadata.Positions, layout.Rotary.Table, cache, metadata.Slots);
        backend.PagedAttention(projected.Columns(0, queryWidth), cache, metadata.Sequences, layout.Options, attended);
        output.Forward(attended, hidden);
        arena.Release(mark);
    }

    public void Dispose()
    {
        qkv.Dispose();
        output.Dispose();
        queryNorm?.Dispose();
        keyNorm?.Dispose();
    }
}
