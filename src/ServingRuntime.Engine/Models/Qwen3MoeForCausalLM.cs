using Octavo.ServingRuntime.Engine.ModelLoader;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>Qwen3-MoE (transformers <c>models/qwen3_moe</c>): Qwen3 with experts.</summary>
internal static class Qwen3MoeForCausalLM
{
    public static ICausalLM Create(ModelConfig config, WeightLoader weights, int maxModelLen)
    {
        var build = new CausalDecoderBuilder(config, weights, maxModelLen);
        var rotary = build.Rotary();
        var windows = LayerWindows.ReadQwen3Moe(config);
        var experts = QwenExperts.Create(build, renormalize: false, shared: false);
        return build.Build((i, prefix) => build.Layer(prefix, Qwen3ForCausalLM.Attention(config, prefix, rotary, windows[i]), experts(i, prefix)));
    }
}
