using Octavo.ServingRuntime.Engine.Layers;
using Octavo.ServingRuntime.Engine.ModelLoader;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>Phi-3, Phi-3.5 and Phi-4 mini (transformers <c>models/phi3</c>): Llama with fused matrices, longrope and a window.</summary>
internal static class Phi3ForCausalLM
{
    public static ICausalLM Create(ModelConfig config, WeightLoader weights, int maxModelLen)
    {
        var build = new CausalDecoderBuilder(config, weights, maxModelLen);
        var rotary = build.Rotary();
        var window = config.Fields.OptionalInt("sliding_window") ?? 0;
        var names = new GatedMlpNames(FusedGateUp: "gate_up_proj");
        return build.Build((_, prefix) => build.Layer(
            prefix, AttentionConfig.Create(config, prefix, rotary, window) with { FusedProjection = "qkv_proj" }, build.Mlp(prefix + ".mlp", names)));
    }
}
