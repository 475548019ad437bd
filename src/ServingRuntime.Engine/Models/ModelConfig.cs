using System.Text.Json;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Engine.ModelLoader.Gguf;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>What every decoder model has in config.json, in Hugging Face's names; a model reads its own fields from <see cref="Fields"/>. Errors name the field.</summary>
public sealed record ModelConfig
{
    private const int MostFeatures = 1 << 26;

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
    public required bool TieWordEmbeddings { get; init; }
    public required GatedActivation Activation { get; init; }

    /// <summary>Positions of layers without a window.</summary>
    public required RopeParameters Rope { get; init; }

    /// <summary>What the checkpoint says its weights are; null: it does not.</summary>
    public DType? DType { get; init; }

    /// <summary>How the linear layers are quantised; null: they are not.</summary>
    public QuantizationConfig? Quantization { get; init; }

    /// <summary>
    /// What <c>--dtype auto</c> computes in. Weights of bfloat16, and those in whole numbers: bfloat16, which stays within what transformers' own bfloat16 run differs by
    /// (docs/models.md). Others: float32, which loses nothing of float16 weights; bfloat16 would lose bits.
    /// </summary>
    public DType ComputedDType =>
        DType == Kernels.DType.BFloat16 || Quantization is { Method: QuantizationMethod.Awq or QuantizationMethod.Gptq } ? Kernels.DType.BFloat16 : Kernels.DType.Float32;

    /// <summary>What <c>--dtype auto</c> computes in on a device that has 16-bit products: bfloat16 and float16 weights as they are, as vLLM does; others as on the CPU.</summary>
    public DType DeviceDType => DType is Kernels.DType.BFloat16 or Kernels.DType.Float16 ? DType.Value : ComputedDType;

    /// <summary>The whole file.</summary>
    public required ConfigFields Fields { get; init; }

    /// <summary>The longest that the model may be served with: its own length, or what its rope scaling stretches that to.</summary>
    public int LongestModelLen => Rope switch
    {
        { Scaling: RopeScaling.Linear or RopeScaling.Dynamic, Factor: { } factor } => Math.Max(MaxPositionEmbeddings, (int)Math.Min(int.MaxValue, MaxPositionEmbeddings * factor)),
        { Scaling: RopeScaling.Yarn, Factor: { } factor } =>
            Math.Max(MaxPositionEmbeddings, (int)Math.Min(int.MaxValue, (Rope.OriginalMaxPositionEmbeddings ?? MaxPositionEmbeddings) * factor)),
        _ => MaxPositionEmbeddings,
    };

    /// <param name="folder">The checkpoint; or a GGUF file, whose metadata says what config.json says elsewhere.</param>
    /// <exception cref="CheckpointException">No or malformed config.json.</exception>
    public static ModelConfig Load(string folder)
    {
        var location = ModelLocation.Of(folder);
        if (location.IsGguf)
        {
            return LoadGguf(location);
        }

        var path = Path.Combine(folder, "config.json");
        try
        {
            var config = Parse(File.ReadAllBytes(path));
            var older = Path.Combine(folder, "quantize_config.json");
            return config.Quantization is null && File.Exists(older) ? config with { Quantization = ReadOlderQuantization(older) } : config;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CheckpointException)
        {
            throw new CheckpointException($"{path}: {exception.Message}", exception);
        }
    }

    private static ModelConfig LoadGguf(ModelLocation location)
    {
        using var model = GgufModel.Open(location.GgufFiles);
        var json = GgufConfig.ToJson(model);
        try
        {
            return Parse(json);
        }
        catch (CheckpointException exception)
        {
            throw new CheckpointException($"{model.Path}: {exception.Message}", exception);
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

    /// <summary>AutoGPTQ's own file, from before config.json told.</summary>
    private static QuantizationConfig ReadOlderQuantization(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return QuantizationConfig.Read(new ConfigFields(document.RootElement));
        }
        catch (JsonException exception)
        {
            throw new CheckpointException($"quantize_config.json: no valid JSON: {exception.Message}", exception);
        }
    }

    private static ModelConfig Read(ConfigFields fields)
    {
        var architecture = fields.Architecture();
        var config = ChatGLMConfig.Describes(architecture) ? ChatGLMConfig.Read(architecture, fields) : ReadStandard(architecture, fields);
        return fields.Object("quantization_config") is { } quantization ? config with { Quantization = QuantizationConfig.Read(quantization) } : config;
    }

    private static ModelConfig ReadStandard(string architecture, ConfigFields fields)
    {
        var heads = fields.PositiveInt("num_attention_heads");
        var hidden = fields.PositiveInt("hidden_size");
        var defaults = ArchitectureDefaults.Of(architecture);
        var defaultHeadDim = fields.Mentions("head_dim") ? null : defaults.HeadDim;
        if (!fields.Has("head_dim") && defaultHeadDim is null && hidden % heads != 0)
        {
            throw new CheckpointException($"num_attention_heads: {heads} does not divide hidden_size {hidden}, and there is no head_dim");
        }

        return new ModelConfig
        {
            Architecture = architecture,
            VocabSize = fields.PositiveInt("vocab_size"),
            HiddenSize = hidden,
            IntermediateSize = fields.PositiveInt("intermediate_size"),
            NumHiddenLayers = fields.PositiveInt("num_hidden_layers"),
            NumAttentionHeads = heads,
            NumKeyValueHeads = fields.PositiveInt("num_key_value_heads", heads),
            HeadDim = fields.PositiveInt("head_dim", defaultHeadDim ?? hidden / heads),
            MaxPositionEmbeddings = fields.PositiveInt("max_position_embeddings"),
            RmsNormEps = (float)fields.PositiveNumber("rms_norm_eps", defaults.RmsNormEps),
            TieWordEmbeddings = fields.Bool("tie_word_embeddings", defaults.TieWordEmbeddings),
            Activation = ReadActivation(architecture, fields),
            Rope = RopeFields.Read(fields, "full_attention", defaults: defaults),
            DType = fields.DType(),
            Fields = fields,
        }.Checked();
    }

    internal ModelConfig Checked()
    {
        // So that no product of two of them, or sum of stacked parts, leaves an int.
        foreach (var (field, size) in (ReadOnlySpan<(string, long)>)
            [("vocab_size", VocabSize), ("hidden_size", HiddenSize), ("intermediate_size", IntermediateSize), ("num_attention_heads * head_dim", (long)NumAttentionHeads * HeadDim)])
        {
            if (size > MostFeatures)
            {
                throw new CheckpointException($"{field}: {size} is more than {MostFeatures}");
            }
        }

        if (NumAttentionHeads % NumKeyValueHeads != 0)
        {
            throw new CheckpointException($"num_key_value_heads: {NumKeyValueHeads} does not divide num_attention_heads {NumAttentionHeads}");
        }

        if (HeadDim % 2 != 0 || HeadDim > 512)
        {
            throw new CheckpointException($"head_dim: {HeadDim} is no even number up to 512");
        }

        return this;
    }

    /// <summary>Gemma's first files say gelu and mean its tanh form.</summary>
    private static GatedActivation ReadActivation(string architecture, ConfigFields fields) => fields.String("hidden_activation", fields.String("hidden_act", "silu")) switch
    {
        "silu" => GatedActivation.Silu,
        "gelu_pytorch_tanh" => GatedActivation.GeluTanh,
        "gelu" when architecture.StartsWith("Gemma", StringComparison.Ordinal) => GatedActivation.GeluTanh,
        var other => throw new CheckpointException($"hidden_act: '{other}' is not supported; silu and gelu_pytorch_tanh are"),
    };
}
