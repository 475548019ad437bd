namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>
/// Angles per position of each rotated pair, and the factor of their cosines and sines. Rounded to float32 where transformers rounds.
/// A served model has one table for all lengths, so that cached keys stay right: longrope takes the long divisors whenever the model may run beyond
/// its original length, and dynamic scaling the theta of the longest length (both as vLLM does).
/// </summary>
/// <param name="InverseFrequencies">[rotated elements / 2].</param>
/// <param name="AttentionFactor">1 but for yarn and longrope.</param>
public sealed record RotaryFrequencies(float[] InverseFrequencies, float AttentionFactor)
{
    /// <param name="rope">From config.json.</param>
    /// <param name="rotaryDim">Rotated elements of a head; even.</param>
    /// <param name="maxPositionEmbeddings">The model's own length.</param>
    /// <param name="maxModelLen">The length that it is served with.</param>
    public static RotaryFrequencies Create(RopeParameters rope, int rotaryDim, int maxPositionEmbeddings, int maxModelLen) => rope.Scaling switch
    {
        RopeScaling.Linear => new([.. Plain(rope.Theta, rotaryDim).Select(f => f / (float)Factor(rope, maxPositionEmbeddings))], 1),
        RopeScaling.Dynamic => new(Plain(DynamicTheta(rope, rotaryDim, maxPositionEmbeddings, maxModelLen), rotaryDim), 1),
        RopeScaling.Llama3 => new([.. Plain(rope.Theta, rotaryDim).Select(f => Llama3(rope, f, maxPositionEmbeddings))], 1),
        RopeScaling.Yarn => Yarn(rope, rotaryDim, maxPositionEmbeddings),
        RopeScaling.LongRope => LongRope(rope, rotaryDim, maxPositionEmbeddings, maxModelLen),
        _ => new(Plain(rope.Theta, rotaryDim), 1),
    };

    private static float[] Plain(double theta, int rotaryDim) => [.. Powers(theta, rotaryDim).Select(power => 1f / power)];

    private static float[] Powers(double theta, int rotaryDim) => [.. Enumerable.Range(0, rotaryDim / 2).Select(i => (float)Math.Pow(theta, 2f * i / rotaryDim))];

    private static double Factor(RopeParameters rope, int maxPositionEmbeddings) =>
        rope.Factor ?? (double)maxPositionEmbeddings / (rope.OriginalMaxPositionEmbeddings ?? maxPositionEmbeddings);

    private static double DynamicTheta(RopeParameters rope, int rotaryDim, int maxPositionEmbeddings, int maxModelLen)
    {
        var factor = Factor(rope, maxPositionEmbeddings);
        var stretch = (factor * Math.Max(maxModelLen, maxPositionEmbeddings) / maxPositionEmbeddings) - (factor - 1);
        return rope.Theta * Math.Pow(stretch, rotaryDim / (rotaryDim - 2.0));
    }

    private static float Llama3(RopeParameters rope, float frequency, int maxPositionEmbeddings)
    {
        var factor = (float)Factor(rope, maxPositionEmbeddings);
        var original = rope.OriginalMaxPositionEmbeddings ?? maxPositionEmbeddings;
        var wavelength = (float)(2 * Math.PI) / frequency;
        if (wavelength < original / rope.HighFreqFactor)
        {
            return frequency;
        }

        if (wavelength > original / rope.LowFreqFactor)
        {
            return frequency / factor;
        }

        var smooth = ((original / wavelength) - (float)rope.LowFreqFactor) / (float)(rope.HighFreqFactor - rope.LowFreqFactor);
        return ((1 - smooth) * frequency / factor) + (smooth * frequency);
    }

    private static RotaryFrequencies Yarn(RopeParameters rope, int rotaryDim, int maxPositionEmbeddings)
    {
        var factor = Factor(rope, maxPositionEmbeddings);
        var original = rope.OriginalMaxPositionEmbeddings ?? maxPositionEmbeddings;
        double Dimension(double rotations) => rotaryDim * Math.Log(original / (rotations * 2 * Math.PI)) / (2 * Math.Log(rope.Theta));
        double low = Dimension(rope.BetaFast), high = Dimension(rope.BetaSlow);
        (low, high) = rope.Truncate ? (Math.Floor(low), Math.Ceiling(high)) : (low, high);
        (low, high) = (Math.Max(low, 0), Math.Min(high, rotaryDim - 1));
        high = low == high ? high + 0.001 : high;
        var powers = Powers(rope.Theta, rotaryDim);
        var frequencies = new float[powers.Length];
        for (var i = 0; i < powers.Length; i++)
        {
            var kept = 1 - Math.Clamp((float)((i - low) / (high - low)), 0f, 1f);
            frequencies[i] = (1f / (float)(factor * powers[i]) * (1 - kept)) + (1f / powers[i] * kept);
        }

        double MScale(double scale) => factor <= 1 ? 1 : (0.1 * scale * Math.Log(factor)) + 1;
        var attention = rope.AttentionFactor
            ?? (rope is { MScale: > 0 and var mscale, MScaleAllDim: > 0 and var all } ? MScale(mscale) / MScale(all) : MScale(1));
        return new(frequencies, (float)attention);
    }

    private static RotaryFrequencies LongRope(RopeParameters rope, int rotaryDim, int maxPositionEmbeddings, int maxModelLen)
    {
        var original = rope.OriginalMaxPositionEmbeddings ?? maxPositionEmbeddings;
        var divisors = maxModelLen > original ? rope.LongFactor : rope.ShortFactor;
        var factor = Factor(rope, maxPositionEmbeddings);
        var attention = rope.AttentionFactor ?? (factor <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(factor) / Math.Log(original))));
        return new([.. Powers(rope.Theta, rotaryDim).Select((power, i) => 1f / ((float)divisors[i] * power))], (float)attention);
    }
}
