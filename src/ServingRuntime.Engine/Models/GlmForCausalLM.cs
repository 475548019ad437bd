using Octavo.ServingRuntime.Engine.Layers;
using Octavo.ServingRuntime.Engine.ModelLoader;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>
/// GLM-4 in Hugging Face's layout (transformers <c>models/glm</c> and <c>models/glm4</c>): half of each head rotated, neighbours together; a fused gate and up matrix;
/// and in Glm4 norms of both branches before they are added.
/// </summary>
internal static class GlmForCausalLM
{
    public static ICausalLM Create(ModelConfig config, WeightLoader weights, int maxModelLen) => Create(config, weights, maxModelLen, branchNorms: false);

    public static ICausalLM CreateGlm4(ModelConfig config, WeightLoader weights, int maxModelLen) => Create(config, weights, maxModelLen, branchNorms: true);

    private static ICausalLM Create(ModelConfig config, WeightLoader weights, int maxModelLen, bool branchNorms)
    {
        var build = new CausalDecoderBuilder(config, weights, maxModelLen);
        var rotary = build.Rotary(interleaved: true);
        var bias = config.Fields.Bool("attention_bias", true);
        var names = new GatedMlpNames(FusedGateUp: "gate_up_proj");
        return build.Build((_, prefix) =>
        {
            var attention = build.Attention(AttentionConfig.Create(config, prefix, rotary) with { QueryKeyValueBias = bias });
            return new DecoderLayer(attention, build.Mlp(prefix + ".mlp", names))
            {
                InputNorm = build.Norm(prefix + ".input_layernorm"),
                AttentionOutputNorm = branchNorms ? build.Norm(prefix + ".post_self_attn_layernorm") : null,
                FeedForwardNorm = build.Norm(prefix + ".post_attention_layernorm"),
                FeedForwardOutputNorm = branchNorms ? build.Norm(prefix + ".post_mlp_layernorm") : null,
            };
        });
    }
}
