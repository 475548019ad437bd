namespace Octavo.ServingRuntime.Kernels.Tests.Cpu;

/// <summary>Matrices with seeded numbers, in each of the forms that checkpoints have.</summary>
internal static class RandomQuantizedMatrix
{
    /// <param name="zeros">Zero points: one for all (symmetric), whole numbers, or offsets that are no multiples of the scale.</param>
    /// <param name="halfScales">Scales that float16 holds.</param>
    public static QuantizedMatrix Create(
        RandomTensors random, int inputs, int outputs, int bits, int group, int[]? order = null, Zeros zeros = Zeros.Whole, bool halfScales = true)
    {
        var groups = (inputs + group - 1) / group;
        var largest = (1 << bits) - 1;
        byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(_ => (byte)random.Next(0, largest))];
        float[] scales = [.. random.Values(groups * outputs).Select(value => value / largest).Select(value => halfScales ? (float)(Half)value : value)];
        return new QuantizedMatrix
        {
            InFeatures = inputs, OutFeatures = outputs, Bits = bits, GroupSize = group, InputOrder = order, Values = Bytes(inputs * outputs), Scales = scales,
            Offsets = zeros switch
            {
                Zeros.One => [.. scales.Select(scale => scale * ((largest + 1) / 2))],
                Zeros.Whole => [.. scales.Zip(Bytes(scales.Length), (scale, zero) => scale * zero)],
                _ => random.Values(scales.Length),
            },
        };
    }

    internal enum Zeros
    {
        One,
        Whole,
        None,
    }
}
