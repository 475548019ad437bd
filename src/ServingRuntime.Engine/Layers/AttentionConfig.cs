using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Layers;

/// <summary>What one model's attention has that another's has not. The defaults are Llama's.</summary>
public sealed record AttentionConfig
{
    /// <summary>Before the names of the projections.</summary>
    public required string Prefix { get; init; }

    /// <summary>One matrix [queries + keys + values, hidden] of this name; null: q_proj, k_proj and v_proj.</summary>
    public string? FusedProjection { get; init; }

    public string OutputProjection { get; init; } = "o_proj";

    public bool QueryKeyValueBias { get; init; }

    public bool OutputBias { get; init; }

    /// <summary>Whether q_norm and k_norm are applied to each head before it is rotated.</summary>
    public bool HeadNorms { get; init; }

    /// <summary>Of the head norms' weights.</summary>
    public float NormWeightOffset { get; init; }

    public required RotaryEmbedding Rotary { get; init; }

    public required AttentionOptions Options { get; init; }

    /// <param name="config">Of the model.</param>
    /// <param name="prefix">Of the layer.</param>
    /// <param name="rotary">Of the layer.</param>
    /// <param name="slidingWindow">0: none.</param>
    public static AttentionConfig Create(ModelConfig config, string prefix, RotaryEmbedding rotary, int slidingWindow = 0) => new()
    {
        Prefix = prefix + ".self_attn", Rotary = rotary, Options = new AttentionOptions(1f / MathF.Sqrt(config.HeadDim), slidingWindow),
    };
}
