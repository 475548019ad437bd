using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>config.json of the original ChatGLM repositories (ChatGLM2, ChatGLM3, GLM-4-9B), whose fields have names of their own.</summary>
internal static class ChatGLMConfig
{
    public static bool Describes(string architecture) => architecture is "ChatGLMModel" or "ChatGLMForConditionalGeneration";

    public static ModelConfig Read(string architecture, ConfigFields fields)
    {
        Require(fields, "rmsnorm", true, absent: true);
        Require(fields, "post_layer_norm", true, absent: true);
        Require(fields, "apply_residual_connection_post_layernorm", false, absent: false);
        Require(fields, "original_rope", true, absent: true);
        Require(fields, "multi_query_attention", true, absent: false);
        var heads = fields.PositiveInt("num_attention_heads");
        return new ModelConfig
        {
            Architecture = architecture,
            VocabSize = fields.PositiveInt("padded_vocab_size"),
            HiddenSize = fields.PositiveInt("hidden_size"),
            IntermediateSize = fields.PositiveInt("ffn_hidden_size"),
            NumHiddenLayers = fields.PositiveInt("num_layers"),
            NumAttentionHeads = heads,
            NumKeyValueHeads = fields.PositiveInt("multi_query_group_num"),
            HeadDim = fields.PositiveInt("kv_channels"),
            MaxPositionEmbeddings = fields.PositiveInt("seq_length"),
            RmsNormEps = (float)fields.PositiveNumber("layernorm_epsilon", 1e-5),
            TieWordEmbeddings = fields.Bool("tie_word_embeddings", false),
            Activation = GatedActivation.Silu,
            Rope = new RopeParameters { Theta = 10000 * fields.PositiveNumber("rope_ratio", 1), PartialRotaryFactor = 0.5 },
            DType = fields.DType(),
            Fields = fields,
        }.Checked();
    }

    private static void Require(ConfigFields fields, string field, bool value, bool absent)
    {
        if (fields.Bool(field, absent) != value)
        {
            throw new CheckpointException($"{field}: only {(value ? "true" : "false")} is supported");
        }
    }
}
