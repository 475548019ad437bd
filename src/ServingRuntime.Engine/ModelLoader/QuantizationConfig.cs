using Octavo.ServingRuntime.Engine.Models;

namespace Octavo.ServingRuntime.Engine.ModelLoader;

/// <summary>How a checkpoint's linear layers are quantised: <c>quantization_config</c> of config.json, or GPTQ's older quantize_config.json.</summary>
public sealed record QuantizationConfig
{
    public required QuantizationMethod Method { get; init; }

    /// <summary>4 or 8; of GGUF each tensor says it itself.</summary>
    public required int Bits { get; init; }

    /// <summary>Inputs that share a scale; null: all of a layer's.</summary>
    public required int? GroupSize { get; init; }

    /// <summary>GPTQ: whether g_idx puts inputs into groups in an order of its own.</summary>
    public bool DescAct { get; init; }

    /// <summary>GPTQ: what is to be added to the zero points as stored; 1 for the first version of the format.</summary>
    public int ZeroOffset { get; init; }

    public string Name => Method switch
    {
        QuantizationMethod.Awq => "awq",
        QuantizationMethod.Gptq => "gptq",
        QuantizationMethod.Gguf => "gguf",
        _ => "fp8",
    };

    /// <exception cref="CheckpointException">A method or form that is not built, by name.</exception>
    public static QuantizationConfig Read(ConfigFields fields)
    {
        var method = fields.String("quant_method", "gptq");
        // AutoAWQ's first files have names of their own.
        var groupSize = fields.Has("group_size") ? fields.Int("group_size") : fields.Has("q_group_size") ? fields.Int("q_group_size") : 128;
        if (groupSize is not (-1 or > 0))
        {
            throw new CheckpointException($"quantization_config: group_size {groupSize} is neither -1 nor above 0");
        }

        var config = new QuantizationConfig { Method = QuantizationMethod.Gptq, Bits = fields.PositiveInt("bits", fields.OptionalInt("w_bit") ?? 4), GroupSize = groupSize < 0 ? null : groupSize };
        return method switch
        {
            "awq" => ReadAwq(config, fields),
            "gptq" => ReadGptq(config, fields),
            "gguf" => config with { Method = QuantizationMethod.Gguf, GroupSize = null },
            "fp8" => config with { Method = QuantizationMethod.Fp8, Bits = 8, GroupSize = null },
            "compressed-tensors" => ReadCompressedTensors(config, fields),
            _ => throw new CheckpointException($"quantization_config: quant_method '{method}' is none of awq, gptq, fp8, compressed-tensors"),
        };
    }

    /// <summary>llm-compressor's files, of which those with float8 weights are the same as fp8's.</summary>
    private static QuantizationConfig ReadCompressedTensors(QuantizationConfig config, ConfigFields fields)
    {
        var format = fields.String("format", "");
        return format == "float-quantized"
            ? config with { Method = QuantizationMethod.Fp8, Bits = 8, GroupSize = null }
            : throw new CheckpointException($"quantization_config: compressed-tensors format '{format}' is not supported, float-quantized is");
    }

    private static QuantizationConfig ReadAwq(QuantizationConfig config, ConfigFields fields)
    {
        var version = fields.String("version", "gemm");
        return !string.Equals(version, "gemm", StringComparison.OrdinalIgnoreCase) ? throw new CheckpointException($"quantization_config: awq version '{version}' is not supported, gemm is")
            : config.Bits != 4 ? throw new CheckpointException($"quantization_config: awq with {config.Bits} bits is not supported, 4 are")
            : config with { Method = QuantizationMethod.Awq };
    }

    private static QuantizationConfig ReadGptq(QuantizationConfig config, ConfigFields fields)
    {
        var format = fields.String("checkpoint_format", "gptq");
        return config.Bits is not (4 or 8) ? throw new CheckpointException($"quantization_config: gptq with {config.Bits} bits is not supported, 4 and 8 are")
            : format is not ("gptq" or "gptq_v2") ? throw new CheckpointException($"quantization_config: checkpoint_format '{format}' is none of gptq, gptq_v2")
            : config with { DescAct = fields.Bool("desc_act", false), ZeroOffset = format == "gptq" ? 1 : 0 };
    }
}

public enum QuantizationMethod
{
    Awq,
    Gptq,

    /// <summary>float8 weights with scales by tensor, by output or by block; widened when they are loaded.</summary>
    Fp8,

    /// <summary>A GGUF file, whether its tensors are quantised or not.</summary>
    Gguf,
}
