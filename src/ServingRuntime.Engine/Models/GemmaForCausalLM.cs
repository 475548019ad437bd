using Octavo.ServingRuntime.Engine.Layers;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>
/// Gemma 1, 2 and 3, text (transformers <c>models/gemma</c>, <c>gemma2</c>, <c>gemma3</c>): norm weights stored less one, scaled embeddings, tied head; from 2 on norms of both
/// branches, soft caps and alternate windows; in 3 head norms instead of caps, and positions of windowed layers of their own.
/// </summary>
internal static class GemmaForCausalLM
{
    /// <summary>Has caps where its file does not mention them, as in transformers.</summary>
    private const string Gemma2 = "Gemma2ForCausalLM";

    public static ICausalLM Create(ModelConfig config, WeightLoader weights, int maxModelLen)
    {
        var build = Builder(config, weights, maxModelLen);
        var rotary = build.Rotary();
        var bias = config.Fields.Bool("attention_bias", false);
        return build.Build((_, prefix) => build.Layer(
            prefix, AttentionConfig.Create(config, prefix, rotary) with { QueryKeyValueBias = bias, OutputBias = bias }, build.Mlp(prefix + ".mlp")));
    }

    public static ICausalLM CreateGemma2(ModelConfig config, WeightLoader weights, int maxModelLen)
    {
        var build = Builder(config, weights, maxModelLen);
        var rotary = build.Rotary();
        var windows = LayerWindows.Read(config, layer => layer % 2 == 0);
        return build.Build((i, prefix) => Layer(build, prefix, AttentionConfig.Create(config, prefix, rotary), windows[i]));
    }

    public static ICausalLM CreateGemma3(ModelConfig config, WeightLoader weights, int maxModelLen)
    {
        var build = Builder(config, weights, maxModelLen);
        var pattern = config.Fields.OptionalInt("sliding_window_pattern") ?? config.Fields.OptionalInt("_sliding_window_pattern") ?? 6;
        var windows = LayerWindows.Read(config, layer => (layer + 1) % pattern != 0);
        var global = build.Rotary();
        var local = build.Rotary(RopeFields.Read(config.Fields, "sliding_attention", "rope_local_base_freq", scaled: false));
        return build.Build((i, prefix) => Layer(
            build, prefix, AttentionConfig.Create(config, prefix, windows[i] > 0 ? local : global) with { HeadNorms = true, NormWeightOffset = 1f }, windows[i]));
    }

    private static CausalDecoderBuilder Builder(ModelConfig config, WeightLoader weights, int maxModelLen)
    {
        var cap = config.Fields.Mentions("final_logit_softcapping") || config.Architecture != Gemma2 ? config.Fields.OptionalNumber("final_logit_softcapping") ?? 0 : 30;
        return new(config, weights, maxModelLen) { NormWeightOffset = 1f, EmbeddingScale = MathF.Sqrt(config.HiddenSize), LogitSoftCap = (float)cap };
    }

    private static DecoderLayer Layer(CausalDecoderBuilder build, string prefix, AttentionConfig attention, int window)
    {
        var fields = build.Config.Fields;
        var bias = fields.Bool("attention_bias", false);
        var cap = fields.Mentions("attn_logit_softcapping") || build.Config.Architecture != Gemma2 ? fields.OptionalNumber("attn_logit_softcapping") ?? 0 : 50;
        var scale = (float)Math.Pow(fields.PositiveNumber("query_pre_attn_scalar", 256), -0.5);
        var options = new AttentionOptions(scale, window, (float)cap);
        return new DecoderLayer(build.Attention(attention with { Options = options, QueryKeyValueBias = bias, OutputBias = bias }), build.Mlp(prefix + ".mlp"))
        {
            InputNorm = build.Norm(prefix + ".input_layernorm"),
            AttentionOutputNorm = build.Norm(prefix + ".post_attention_layernorm"),
            FeedForwardNorm = build.Norm(prefix + ".pre_feedforward_layernorm"),
            FeedForwardOutputNorm = build.Norm(prefix + ".post_feedforward_layernorm"),
        };
    }
}
