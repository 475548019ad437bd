using Octavo.ServingRuntime.Engine.Layers;
using Octavo.ServingRuntime.Engine.ModelLoader;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>Llama 1 to 3 (transformers <c>models/llama/modeling_llama.py</c>): pre-norm decoder, rotary positions, grouped KV heads, gated MLP.</summary>
internal static class LlamaForCausalLM
{
    public static ICausalLM Create(ModelConfig config, WeightLoader weights, int maxModelLen)
    {
        var build = new CausalDecoderBuilder(config, weights, maxModelLen);
        var rotary = build.Rotary();
        bool attentionBias = config.Fields.Bool("attention_bias", false), mlpBias = config.Fields.Bool("mlp_bias", false);
        return build.Build((_, prefix) => build.Layer(
            prefix,
            AttentionConfig.Create(config, prefix, rotary) with { QueryKeyValueBias = attentionBias, OutputBias = attentionBias },
            build.Mlp(prefix + ".mlp", bias: mlpBias)));
    }
}
