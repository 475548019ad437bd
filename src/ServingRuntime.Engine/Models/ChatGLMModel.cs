using Octavo.ServingRuntime.Engine.Layers;
using Octavo.ServingRuntime.Engine.ModelLoader;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>ChatGLM2, ChatGLM3 and GLM-4-9B in the layout of their own repositories (vLLM <c>models/chatglm.py</c>); the arithmetic is <see cref="GlmForCausalLM"/>'s.</summary>
internal static class ChatGLMModel
{
    public static ICausalLM Create(ModelConfig config, WeightLoader weights, int maxModelLen)
    {
        var build = new CausalDecoderBuilder(config, weights, maxModelLen)
        {
            EmbeddingPrefix = "transformer.embedding.word_embeddings", NormPrefix = "transformer.encoder.final_layernorm", HeadPrefix = "transformer.output_layer",
        };
        var rotary = build.Rotary(interleaved: true);
        var linearBias = config.Fields.Bool("add_bias_linear", false);
        var qkvBias = linearBias || config.Fields.Bool("add_qkv_bias", false);
        var names = new GatedMlpNames(Down: "dense_4h_to_h", FusedGateUp: "dense_h_to_4h");
        return build.Build(
            (_, prefix) => build.Layer(
                prefix,
                AttentionConfig.Create(config, prefix, rotary) with
                {
                    Prefix = prefix + ".self_attention", FusedProjection = "query_key_value", OutputProjection = "dense", QueryKeyValueBias = qkvBias, OutputBias = linearBias,
                },
                build.Mlp(prefix + ".mlp", names, linearBias)),
            "transformer.encoder.layers");
    }
}
