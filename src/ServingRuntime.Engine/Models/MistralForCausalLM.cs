using Octavo.ServingRuntime.Engine.Layers;
using Octavo.ServingRuntime.Engine.ModelLoader;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>Mistral (transformers <c>models/mistral</c>): Llama with a sliding window over all layers.</summary>
internal static class MistralForCausalLM
{
    public static ICausalLM Create(ModelConfig config, WeightLoader weights, int maxModelLen)
    {
        var build = new CausalDecoderBuilder(config, weights, maxModelLen);
        var rotary = build.Rotary();
        var window = LayerWindows.Window(config);
        return build.Build((_, prefix) => build.Layer(prefix, AttentionConfig.Create(config, prefix, rotary, window), build.Mlp(prefix + ".mlp")));
    }
}
