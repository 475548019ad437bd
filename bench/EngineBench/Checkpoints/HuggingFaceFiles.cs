using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Octavo.EngineBench.Checkpoints;

/// <summary>What lies beside the weights: config.json, tokenizer.json and tokenizer_config.json, as Qwen2.5 has them.</summary>
internal static class HuggingFaceFiles
{
    /// <summary>Messages in ChatML, for both worlds.</summary>
    public const string ChatTemplate =
        "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

    private const string SplitPattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="dtype">Of what is not quantised.</param>
    /// <param name="quantization">null: none.</param>
    public static void Write(string folder, ModelShape shape, InventedVocabulary vocabulary, string dtype, JsonObject? quantization = null)
    {
        var config = new JsonObject
        {
            ["architectures"] = new JsonArray("Qwen2ForCausalLM"), ["model_type"] = "qwen2", ["hidden_act"] = "silu",
            ["hidden_size"] = shape.HiddenSize, ["intermediate_size"] = shape.IntermediateSize, ["num_hidden_layers"] = shape.Layers,
            ["num_attention_heads"] = shape.Heads, ["num_key_value_heads"] = shape.KeyValueHeads, ["head_dim"] = shape.HeadSize,
            ["max_position_embeddings"] = shape.MaxPositions, ["rms_norm_eps"] = shape.NormEpsilon, ["rope_theta"] = shape.RopeTheta, ["rope_scaling"] = null,
            ["vocab_size"] = shape.VocabularySize, ["tie_word_embeddings"] = shape.TiedEmbeddings, ["use_sliding_window"] = false, ["attention_dropout"] = 0.0,
            ["bos_token_id"] = vocabulary.FirstSpecial, ["eos_token_id"] = vocabulary.FirstSpecial + 2, ["torch_dtype"] = dtype,
        };
        if (quantization is not null)
        {
            config["quantization_config"] = quantization;
        }

        File.WriteAllText(Path.Combine(folder, "config.json"), config.ToJsonString() + "\n");
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), new JsonObject
        {
            ["tokenizer_class"] = "Qwen2Tokenizer", ["add_prefix_space"] = false, ["clean_up_tokenization_spaces"] = false, ["model_max_length"] = shape.MaxPositions,
            ["bos_token"] = null, ["eos_token"] = InventedVocabulary.MessageEnd, ["pad_token"] = InventedVocabulary.EndOfText, ["unk_token"] = null, ["chat_template"] = ChatTemplate,
        }.ToJsonString() + "\n");
        using var stream = File.Create(Path.Combine(folder, "tokenizer.json"));
        using var json = new Utf8JsonWriter(stream, Plain);
        WriteTokenizer(json, vocabulary);
    }

    private static void WriteTokenizer(Utf8JsonWriter json, InventedVocabulary vocabulary)
    {
        json.WriteStartObject();
        json.WriteString("version", "1.0");
        json.WriteNull("truncation");
        json.WriteNull("padding");
        json.WriteStartArray("added_tokens");
        for (var id = vocabulary.FirstSpecial; id < vocabulary.Tokens.Count; id++)
        {
            Node(json, new JsonObject
            {
                ["id"] = id, ["content"] = vocabulary.Tokens[id], ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = true,
            });
        }

        json.WriteEndArray();
        json.WritePropertyName("normalizer");
        Node(json, new JsonObject { ["type"] = "NFC" });
        json.WritePropertyName("pre_tokenizer");
        Node(json, new JsonObject
        {
            ["type"] = "Sequence",
            ["pretokenizers"] = new JsonArray(
                new JsonObject { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = SplitPattern }, ["behavior"] = "Isolated", ["invert"] = false }, ByteLevel()),
        });
        json.WritePropertyName("post_processor");
        Node(json, ByteLevel());
        json.WritePropertyName("decoder");
        Node(json, ByteLevel());
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteNull("dropout");
        json.WriteNull("unk_token");
        json.WriteString("continuing_subword_prefix", "");
        json.WriteString("end_of_word_suffix", "");
        json.WriteBoolean("fuse_unk", false);
        json.WriteBoolean("byte_fallback", false);
        json.WriteBoolean("ignore_merges", false);
        json.WriteStartObject("vocab");
        for (var id = 0; id < vocabulary.FirstSpecial; id++)
        {
            json.WriteNumber(vocabulary.Tokens[id], id);
        }

        json.WriteEndObject();
        json.WriteStartArray("merges");
        foreach (var (left, right) in vocabulary.Merges)
        {
            json.WriteStringValue($"{left} {right}");
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static JsonObject ByteLevel() => new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = false, ["use_regex"] = false };

    private static void Node(Utf8JsonWriter json, JsonObject node) => node.WriteTo(json, new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
