using System.Text.Json;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>The fields of config.json that decoder models share, in Hugging Face's names. Errors name the field.</summary>
public sealed record ModelConfig
{
    public required string Architecture { get; init; }
    public required int VocabSize { get; init; }
    public required int HiddenSize { get; init; }
    public required int IntermediateSize { get; init; }
    public required int NumHiddenLayers { get; init; }
    public required int NumAttentionHeads { get; init; }
    public required int NumKeyValueHeads { get; init; }
    public required int HeadDim { get; init; }
    public required int MaxPositionEmbeddings { get; init; }
    public required float RmsNormEps { get; init; }
    public required double RopeTheta { get; init; }
    public required bool TieWordEmbeddings { get; init; }
    public required bool AttentionBias { get; init; }
    public required bool MlpBias { get; init; }

    /// <summary>What the checkpoint says its weights are; null: it does not.</summary>
    public DType? DType { get; init; }

    /// <summary>Bytes of one token's keys and values over all layers, in float32, each head filled up to whole vectors.</summary>
    public long KVBytesPerToken => checked(2L * NumHiddenLayers * NumKeyValueHeads * ((HeadDim + 15L) / 16 * 16) * sizeof(float));

    /// <exception cref="CheckpointException">No or malformed config.json.</exception>
    public static ModelConfig Load(string folder)
    {
        var path = Path.Combine(folder, "config.json");
        try
        {
            return Parse(File.ReadAllBytes(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CheckpointException)
        {
            throw new CheckpointException($"{path}: {exception.Message}", exception);
        }
    }

    public static ModelConfig Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(new ConfigFields(document.RootElement));
        }
        catch (JsonException exception)
        {
            throw new CheckpointException($"no valid JSON: {exception.Message}", exception);
        }
    }

    private static ModelConfig Read(ConfigFields fields)
    {
        var heads = fields.PositiveInt("num_attention_heads");
        var hidden = fields.PositiveInt("hidden_size");
        var kvHeads = fields.PositiveInt("num_key_value_heads", heads);
        if (heads % kvHeads != 0)
        {
            throw new CheckpointException($"num_key_value_heads: {kvHeads} does not divide num_attention_heads {heads}");
        }

        if (!fields.Has("head_dim") && hidden % heads != 0)
        {
            throw new CheckpointException($"num_attention_heads: {heads} does not divide hidden_size {hidden}, and there is no head_dim");
        }

        var headDim = fields.PositiveInt("head_dim", hidden / heads);
        if (headDim % 2 != 0 || headDim > 512)
        {
            throw new CheckpointException($"head_dim: {headDim} is no even number up to 512");
        }

        var activation = fields.String("hidden_act", "silu");
        if (activation != "silu")
        {
            throw new CheckpointException($"hidden_act: '{activation}' is not supported, silu is");
        }

        fields.RefuseQuantization();
        return new ModelConfig
        {
            Architecture = fields.Architecture(),
            VocabSize = fields.PositiveInt("vocab_size"),
            HiddenSize = hidden,
            IntermediateSize = fields.PositiveInt("intermediate_size"),
            NumHiddenLayers = fields.PositiveInt("num_hidden_layers"),
            NumAttentionHeads = heads,
            NumKeyValueHeads = kvHeads,
            HeadDim = headDim,
            MaxPositionEmbeddings = fields.PositiveInt("max_position_embeddings"),
            RmsNormEps = (float)fields.PositiveNumber("rms_norm_eps", 1e-6),
            RopeTheta = fields.RopeTheta(),
            TieWordEmbeddings = fields.Bool("tie_word_embeddings", false),
            AttentionBias = fields.Bool("attention_bias", false),
            MlpBias = fields.Bool("mlp_bias", false),
            DType = fields.DType(),
        };
    }
}
