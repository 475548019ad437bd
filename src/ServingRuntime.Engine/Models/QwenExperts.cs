using Octavo.ServingRuntime.Engine.Layers;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>The feed-forward networks of Qwen's mixtures of experts, some of whose layers may be dense.</summary>
internal static class QwenExperts
{
    /// <param name="build">The model's parts.</param>
    /// <param name="renormalize">Where the file does not say.</param>
    /// <param name="shared">Whether there is an expert for all tokens.</param>
    public static Func<int, string, IFeedForward> Create(CausalDecoderBuilder build, bool renormalize, bool shared)
    {
        var (config, fields) = (build.Config, build.Config.Fields);
        var dense = fields.Ints("mlp_only_layers");
        var step = fields.PositiveInt("decoder_sparse_step", 1);
        var experts = new MixtureOfExpertsConfig(
            fields.PositiveInt("num_experts", fields.OptionalInt("num_local_experts")), fields.PositiveInt("num_experts_per_tok"), fields.PositiveInt("moe_intermediate_size"),
            fields.Bool("norm_topk_prob", renormalize), config.Activation, SharedIntermediateSize: shared ? fields.PositiveInt("shared_expert_intermediate_size") : null);
        return (layer, prefix) => dense.Contains(layer) || (layer + 1) % step != 0
            ? build.Mlp(prefix + ".mlp")
            : new MixtureOfExperts(build.Weights, prefix + ".mlp", config.HiddenSize, experts);
    }
}
