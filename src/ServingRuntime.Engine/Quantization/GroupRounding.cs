using System.Numerics.Tensors;

namespace Octavo.ServingRuntime.Engine.Quantization;

/// <summary>
/// One group of weights in 4 bits: w ≈ (q - zero) · scale, q and zero in 0..15, scale a float16. The grid spans the smallest to the largest weight, zero included, less what is clipped.
/// </summary>
internal static class GroupRounding
{
    public const int Levels = 15;

    /// <summary>Smallest float16 above zero: all of a group may be zero.</summary>
    private const float SmallestScale = 5.9604645e-8f;

    /// <param name="weights">Of one output and one group of inputs.</param>
    /// <param name="keep">Part of the range that the grid spans; what is outside becomes its end.</param>
    /// <param name="steps">q - zero for each.</param>
    public static (Half Scale, byte Zero) Round(ReadOnlySpan<float> weights, float keep, Span<float> steps)
    {
        var low = Math.Min(TensorPrimitives.Min(weights), 0f) * keep;
        var high = Math.Max(TensorPrimitives.Max(weights), 0f) * keep;
        var scale = (Half)Math.Max((high - low) / Levels, SmallestScale);
        var step = (float)scale;
        var zero = Math.Clamp(MathF.Round(-low / step), 0f, Levels);
        TensorPrimitives.Divide(weights, step, steps);
        TensorPrimitives.Round(steps, steps);
        TensorPrimitives.Clamp(steps, -zero, Levels - zero, steps);
        return (scale, (byte)zero);
    }
}
