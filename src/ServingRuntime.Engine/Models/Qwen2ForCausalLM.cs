using Octavo.ServingRuntime.Engine.Layers;
using Octavo.ServingRuntime.Engine.ModelLoader;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>Qwen2 and Qwen2.5 (transformers <c>models/qwen2</c>): Llama with biases of queries, keys and values.</summary>
internal static class Qwen2ForCausalLM
{
    public static ICausalLM Create(ModelConfig config, WeightLoader weights, int maxModelLen)
    {
        var build = new CausalDecoderBuilder(config, weights, maxModelLen);
        var rotary = build.Rotary();
        var windows = LayerWindows.ReadQwen(config);
        return build.Build((i, prefix) => build.Layer(
            prefix, AttentionConfig.Create(config, prefix, rotary, windows[i]) with { QueryKeyValueBias = true }, build.Mlp(prefix + ".mlp")));
    }
}
