namespace Octavo.ServingRuntime.Engine.Quantization;

/// <summary>What a checkpoint is quantised with.</summary>
public sealed record QuantizeOptions
{
    /// <summary>The word that asks for text of the model's own as calibration.</summary>
    public const string SelfCalibration = "self";

    /// <summary>Folder with config.json and safetensors.</summary>
    public required string ModelPath { get; init; }

    /// <summary>Folder that the new checkpoint becomes; must not exist.</summary>
    public required string OutputPath { get; init; }

    public QuantizeMethod Method { get; init; } = QuantizeMethod.Awq;

    /// <summary>Inputs that share a scale and a zero point: 32, 64 or 128.</summary>
    public int GroupSize { get; init; } = 128;

    /// <summary>A file (<see cref="CalibrationTokens"/>), or <see cref="SelfCalibration"/>; null: a text that ships, or the model's own where it has no tokenizer.</summary>
    public string? Calibration { get; init; }

    /// <summary>Most sequences of calibration.</summary>
    public int Samples { get; init; } = 32;

    /// <summary>Tokens of a sequence.</summary>
    public int SequenceLength { get; init; } = 512;

    /// <summary>Null: the cores that the process may use.</summary>
    public int? CpuThreads { get; init; }

    /// <summary>Above it weights are written in shards with an index.</summary>
    public long MaxShardBytes { get; init; } = 4L << 30;

    /// <summary>All faults at once.</summary>
    public IReadOnlyList<string> Validate()
    {
        var faults = new List<string>();
        void Check(bool holds, string fault)
        {
            if (!holds)
            {
                faults.Add(fault);
            }
        }

        Check(ModelPath.Length > 0, "--model: a folder is needed");
        Check(OutputPath.Length > 0, "--output: a folder is needed");
        Check(Enum.IsDefined(Method), "--method: rtn or awq");
        Check(GroupSize is 32 or 64 or 128, $"--group-size: {GroupSize} is none of 32, 64, 128");
        Check(Samples is >= 1 and <= 4096, $"--samples: {Samples} is not within 1 to 4096");
        Check(SequenceLength is >= 8 and <= 8192, $"--seq-len: {SequenceLength} is not within 8 to 8192");
        Check(CpuThreads is null or (>= 1 and <= 1024), $"--cpu-threads: {CpuThreads} is not within 1 to 1024");
        Check(MaxShardBytes >= 1 << 20, "--max-shard-size: at least 1 MiB");
        return faults;
    }
}

public enum QuantizeMethod
{
    /// <summary>Round to nearest, between bounds that lose least.</summary>
    Rtn,

    /// <summary>Activation-aware (Lin et al. 2023, arXiv 2306.00978): inputs that matter are scaled up before weights are rounded.</summary>
    Awq,
}
