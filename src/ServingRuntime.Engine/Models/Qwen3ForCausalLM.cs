using Octavo.ServingRuntime.Engine.Layers;
using Octavo.ServingRuntime.Engine.ModelLoader;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>Qwen3 (transformers <c>models/qwen3</c>): Llama with norms of each head's queries and keys.</summary>
internal static class Qwen3ForCausalLM
{
    public static ICausalLM Create(ModelConfig config, WeightLoader weights, int maxModelLen)
    {
        var build = new CausalDecoderBuilder(config, weights, maxModelLen);
        var rotary = build.Rotary();
        var windows = LayerWindows.ReadQwen(config);
        return build.Build((i, prefix) => build.Layer(prefix, Attention(config, prefix, rotary, windows[i]), build.Mlp(prefix + ".mlp")));
    }

    /// <summary>Qwen3's attention, which its mixture of experts has, too.</summary>
    public static AttentionConfig Attention(ModelConfig config, string prefix, RotaryEmbedding rotary, int window)
    {
        var bias = config.Fields.Bool("attention_bias", false);
        return AttentionConfig.Create(config, prefix, rotary, window) with { HeadNorms = true, QueryKeyValueBias = bias, OutputBias = bias };
    }
}
