namespace Octavo.ServingRuntime.Kernels;

/// <summary>
/// A matrix in whole numbers with a scale and an offset for each group of inputs and each output: weight[n, k] = values[k, n] · scales[k / groupSize, n] - offsets[k / groupSize, n].
/// What AWQ, GPTQ and GGUF store, freed of their packing. Where a format has a zero point, the offset is zero · scale, which is exact for scales that were float16 or bfloat16.
/// </summary>
public sealed record QuantizedMatrix
{
    public required int InFeatures { get; init; }

    public required int OutFeatures { get; init; }

    /// <summary>4 or 8.</summary>
    public required int Bits { get; init; }

    /// <summary>Inputs of a group; the last group may have fewer. Even.</summary>
    public required int GroupSize { get; init; }

    /// <summary>[InFeatures, OutFeatures], each below 2^Bits.</summary>
    public required byte[] Values { get; init; }

    /// <summary>[groups, OutFeatures].</summary>
    public required float[] Scales { get; init; }

    /// <summary>[groups, OutFeatures].</summary>
    public required float[] Offsets { get; init; }

    /// <summary>Row k of the values belongs to this input; null: to input k (groups are runs of rows either way).</summary>
    public int[]? InputOrder { get; init; }

    public int Groups => (InFeatures + GroupSize - 1) / GroupSize;

    /// <summary>Whether the two can be computed together, stacked by outputs.</summary>
    public bool StacksWith(QuantizedMatrix other) =>
        InFeatures == other.InFeatures && Bits == other.Bits && GroupSize == other.GroupSize
        && (InputOrder is null ? other.InputOrder is null : other.InputOrder is not null && InputOrder.AsSpan().SequenceEqual(other.InputOrder));

    /// <exception cref="ArgumentException">Sizes that do not belong together.</exception>
    public void Validate()
    {
        if (Bits is not (4 or 8) || InFeatures % 2 != 0 || GroupSize < 2 || GroupSize % 2 != 0)
        {
            throw new ArgumentException($"{Bits} bits in groups of {GroupSize} of {InFeatures} inputs: 4 or 8 bits and even numbers are needed");
        }

        if (Values.LongLength != (long)InFeatures * OutFeatures || Scales.LongLength != (long)Groups * OutFeatures || Offsets.LongLength != Scales.LongLength
            || (InputOrder is not null && InputOrder.Length != InFeatures))
        {
            throw new ArgumentException($"{Values.Length} values, {Scales.Length} scales and {Offsets.Length} offsets for [{OutFeatures}, {InFeatures}] in groups of {GroupSize}");
        }
    }
}
