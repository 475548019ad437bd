using Octavo.ServingRuntime.Engine.Layers;
using Octavo.ServingRuntime.Engine.ModelLoader;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>Qwen1.5-MoE and Qwen2-MoE (transformers <c>models/qwen2_moe</c>): Qwen2 with experts, one of them for every token.</summary>
internal static class Qwen2MoeForCausalLM
{
    public static ICausalLM Create(ModelConfig config, WeightLoader weights, int maxModelLen)
    {
        var build = new CausalDecoderBuilder(config, weights, maxModelLen);
        var rotary = build.Rotary();
        var windows = LayerWindows.ReadQwen2Moe(config);
        var experts = QwenExperts.Create(build, renormalize: false, shared: true);
        var bias = config.Fields.Bool("qkv_bias", true);
        return build.Build((i, prefix) => build.Layer(
            prefix, AttentionConfig.Create(config, prefix, rotary, windows[i]) with { QueryKeyValueBias = bias }, experts(i, prefix)));
    }
}
