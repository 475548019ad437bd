using System.Text;

namespace Octavo.EngineBench.Checkpoints;

/// <summary>Writes a GGUF file, version 3: metadata, the tensors' places, then their data, each aligned to 32 bytes.</summary>
internal sealed class GgufWriter(ModelShape shape, InventedVocabulary vocabulary, RandomWeights weights)
{
    private const int Alignment = 32;
    private const int NormalToken = 1;
    private const int ControlToken = 3;

    /// <param name="format">Of the layers' matrices.</param>
    /// <param name="embeddings">Of embeddings and head. Vectors are float32.</param>
    /// <param name="fileType">llama.cpp's number of the whole.</param>
    public void Write(string path, WeightFormat format, WeightFormat embeddings, uint fileType)
    {
        var tensors = shape.Tensors().Select(tensor => (Tensor: tensor, Format: !tensor.IsMatrix ? WeightFormats.Float32 : tensor.IsEmbedding ? embeddings : format)).ToList();
        var metadata = Metadata(fileType);
        using var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 20);
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)tensors.Count);
        writer.Write((ulong)metadata.Count);
        foreach (var (key, value) in metadata)
        {
            Text(writer, key);
            writer.Write(TypeOf(value));
            Value(writer, value);
        }

        long offset = 0;
        foreach (var (tensor, type) in tensors)
        {
            Text(writer, tensor.GgufName);
            writer.Write(tensor.IsMatrix ? 2u : 1u);
            writer.Write((ulong)tensor.Columns);
            if (tensor.IsMatrix)
            {
                writer.Write((ulong)tensor.Rows);
            }

            writer.Write(type.GgmlType);
            writer.Write((ulong)offset);
            offset = Aligned(offset + type.Bytes(tensor.Elements));
        }

        foreach (var (tensor, type) in tensors)
        {
            Pad(writer);
            WeightFormats.Write(weights, tensor, type, stream);
        }

        Pad(writer);
    }

    private List<(string Key, object Value)> Metadata(uint fileType) =>
    [
        ("general.architecture", "qwen2"), ("general.name", "random"), ("general.file_type", fileType), ("general.quantization_version", 2u),
        ("qwen2.block_count", (uint)shape.Layers), ("qwen2.context_length", (uint)shape.MaxPositions), ("qwen2.embedding_length", (uint)shape.HiddenSize),
        ("qwen2.feed_forward_length", (uint)shape.IntermediateSize), ("qwen2.attention.head_count", (uint)shape.Heads), ("qwen2.attention.head_count_kv", (uint)shape.KeyValueHeads),
        ("qwen2.attention.key_length", (uint)shape.HeadSize), ("qwen2.attention.value_length", (uint)shape.HeadSize),
        ("qwen2.rope.freq_base", shape.RopeTheta), ("qwen2.attention.layer_norm_rms_epsilon", shape.NormEpsilon),
        ("tokenizer.ggml.model", "gpt2"), ("tokenizer.ggml.pre", "qwen2"), ("tokenizer.ggml.tokens", vocabulary.Tokens.ToArray()),
        ("tokenizer.ggml.token_type", vocabulary.Tokens.Select((_, id) => id < vocabulary.FirstSpecial ? NormalToken : ControlToken).ToArray()),
        ("tokenizer.ggml.merges", vocabulary.Merges.Select(merge => $"{merge.Left} {merge.Right}").ToArray()),
        ("tokenizer.ggml.bos_token_id", (uint)vocabulary.FirstSpecial), ("tokenizer.ggml.eos_token_id", (uint)vocabulary.FirstSpecial + 2),
        ("tokenizer.ggml.padding_token_id", (uint)vocabulary.FirstSpecial), ("tokenizer.ggml.add_bos_token", false), ("tokenizer.chat_template", HuggingFaceFiles.ChatTemplate),
    ];

    private static uint TypeOf(object value) => value switch
    {
        uint => 4,
        int => 5,
        float => 6,
        bool => 7,
        string => 8,
        Array => 9,
        _ => throw new ArgumentException($"no metadata of {value.GetType()}", nameof(value)),
    };

    private static void Value(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case uint number:
                writer.Write(number);
                break;
            case int number:
                writer.Write(number);
                break;
            case float number:
                writer.Write(number);
                break;
            case bool flag:
                writer.Write(flag);
                break;
            case string text:
                Text(writer, text);
                break;
            case Array array:
                writer.Write(TypeOf(array.GetValue(0)!));
                writer.Write((ulong)array.Length);
                foreach (var item in array)
                {
                    Value(writer, item);
                }

                break;
            default:
                throw new ArgumentException($"no metadata of {value.GetType()}", nameof(value));
        }
    }

    private static void Text(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static long Aligned(long position) => (position + Alignment - 1) / Alignment * Alignment;

    private static void Pad(BinaryWriter writer)
    {
        // The writer's stream is asked for its place only after the writer has handed over what it holds.
        writer.Flush();
        var position = writer.BaseStream.Position;
        writer.Write(new byte[Aligned(position) - position]);
    }
}
