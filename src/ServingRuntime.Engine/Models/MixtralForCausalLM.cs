using Octavo.ServingRuntime.Engine.Layers;
using Octavo.ServingRuntime.Engine.ModelLoader;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>Mixtral (transformers <c>models/mixtral</c>): Mistral whose feed-forward networks are mixtures of experts.</summary>
internal static class MixtralForCausalLM
{
    public static ICausalLM Create(ModelConfig config, WeightLoader weights, int maxModelLen)
    {
        var build = new CausalDecoderBuilder(config, weights, maxModelLen);
        var rotary = build.Rotary();
        var window = config.Fields.OptionalInt("sliding_window") ?? 0;
        var experts = new MixtureOfExpertsConfig(
            config.Fields.PositiveInt("num_local_experts", 8), config.Fields.PositiveInt("num_experts_per_tok", 2), config.IntermediateSize,
            Renormalize: true, config.Activation, new GatedMlpNames("w1", "w3", "w2"));
        return build.Build((_, prefix) => build.Layer(
            prefix, AttentionConfig.Create(config, prefix, rotary, window), new MixtureOfExperts(weights, prefix + ".block_sparse_moe", config.HiddenSize, experts)));
    }
}
