namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>Rotary positions as config.json gives them (transformers <c>modeling_rope_utils.py</c>).</summary>
public sealed record RopeParameters
{
    public required double Theta { get; init; }

    public RopeScaling Scaling { get; init; }

    /// <summary>Part of a head's elements that is rotated.</summary>
    public double PartialRotaryFactor { get; init; } = 1;

    /// <summary>By how much the context is stretched; null where the file does not say.</summary>
    public double? Factor { get; init; }

    /// <summary>The length that the model was trained for, before it was stretched.</summary>
    public int? OriginalMaxPositionEmbeddings { get; init; }

    /// <summary>llama3: wavelengths above original / this are stretched wholly.</summary>
    public double LowFreqFactor { get; init; } = 1;

    /// <summary>llama3: wavelengths below original / this stay.</summary>
    public double HighFreqFactor { get; init; } = 4;

    /// <summary>yarn: rotations over the original length above which a frequency stays.</summary>
    public double BetaFast { get; init; } = 32;

    /// <summary>yarn: rotations over the original length below which a frequency is stretched wholly.</summary>
    public double BetaSlow { get; init; } = 1;

    /// <summary>yarn: whether the bounds of the ramp are rounded to whole dimensions.</summary>
    public bool Truncate { get; init; } = true;

    /// <summary>yarn and longrope: factor of cosines and sines; null: by formula.</summary>
    public double? AttentionFactor { get; init; }

    public double? MScale { get; init; }

    public double? MScaleAllDim { get; init; }

    /// <summary>longrope: divisors of the frequencies for lengths up to the original.</summary>
    public IReadOnlyList<double> ShortFactor { get; init; } = [];

    /// <summary>longrope: divisors of the frequencies for longer ones.</summary>
    public IReadOnlyList<double> LongFactor { get; init; } = [];
}

/// <summary>How frequencies are changed for contexts longer than those of training.</summary>
public enum RopeScaling
{
    None,

    /// <summary>All frequencies divided by the factor.</summary>
    Linear,

    /// <summary>NTK-aware: theta grows with the length.</summary>
    Dynamic,

    /// <summary>Llama 3.1: low frequencies divided, high ones kept, a ramp between.</summary>
    Llama3,

    /// <summary>YaRN (arXiv 2309.00071).</summary>
    Yarn,

    /// <summary>LongRoPE (arXiv 2402.13753): a divisor for each frequency.</summary>
    LongRope,
}
