using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Kernels.Tests.Cpu;

/// <summary>What a rounded product with a quantised weight is, step by step as <see cref="QuantizedKernels"/> defines it, in scalars.</summary>
internal static class PlainQuantizedProduct
{
    public static void Compute(Tensor x, IReadOnlyList<QuantizedMatrix> parts, IReadOnlyList<Tensor> biases, Tensor output)
    {
        var wholeZeros = parts.All(part => part.Scales.Zip(part.Offsets).All(pair => ZeroPoint(pair.First, pair.Second) is not null));
        for (var row = 0; row < x.Shape[0]; row++)
        {
            var first = 0;
            for (var i = 0; i < parts.Count; i++)
            {
                var blocks = Blocks(x.Row<float>(row), parts[i]);
                for (var n = 0; n < parts[i].OutFeatures; n++)
                {
                    var bias = biases.Count == 0 ? 0 : biases[i].AsSpan<float>()[n];
                    output.Row<float>(row)[first + n] = Output(blocks, parts[i], n, wholeZeros) + bias;
                }

                first += parts[i].OutFeatures;
            }
        }
    }

    /// <summary>A row of x in whole numbers, block by block; Ends: the sums of the group, or of the cut of it, end here.</summary>
    private static List<(int Group, int First, int[] Bytes, float Scale, bool Ends)> Blocks(Span<float> x, QuantizedMatrix part)
    {
        int groupSize = Math.Min(part.GroupSize, part.InFeatures), block = QuantizedLinear.BlockSizeOf(groupSize), cut = CutOf(groupSize, block);
        var blocks = new List<(int Group, int First, int[] Bytes, float Scale, bool Ends)>();
        for (var group = 0; group < part.Groups; group++)
        {
            var end = Math.Min((group + 1) * groupSize, part.InFeatures);
            for (var begin = group * groupSize; begin < end; begin += block)
            {
                var (bytes, scale) = Round(ValuesOf(x, part, begin, Math.Min(block, end - begin)));
                blocks.Add((group, begin, bytes, scale, begin + block >= end || (begin + block - (group * groupSize)) % cut == 0));
            }
        }

        return blocks;
    }

    private static float Output(List<(int Group, int First, int[] Bytes, float Scale, bool Ends)> blocks, QuantizedMatrix part, int n, bool wholeZeros)
    {
        float result = 0, inner = 0, sum = 0;
        foreach (var (group, first, bytes, scale, ends) in blocks)
        {
            var parameters = (group * part.OutFeatures) + n;
            var zero = wholeZeros ? ZeroPoint(part.Scales[parameters], part.Offsets[parameters])!.Value : 0;
            int dot = 0, total = 0;
            for (var i = 0; i < bytes.Length; i++)
            {
                dot += (part.Values[((first + i) * part.OutFeatures) + n] - zero) * bytes[i];
                total += bytes[i];
            }

            inner = MathF.FusedMultiplyAdd(dot, scale, inner);
            sum = MathF.FusedMultiplyAdd(total, scale, sum);
            if (ends)
            {
                result = MathF.FusedMultiplyAdd(inner, part.Scales[parameters], result);
                result = wholeZeros ? result : MathF.FusedMultiplyAdd(-part.Offsets[parameters], sum, result);
                (inner, sum) = (0, 0);
            }
        }

        return result;
    }

    /// <summary>A long group is cut into equal ones of whole blocks.</summary>
    private static int CutOf(int groupSize, int block)
    {
        var cuts = (groupSize + QuantizedLinear.LongestGroup - 1) / QuantizedLinear.LongestGroup;
        return cuts == 1 ? int.MaxValue : (((groupSize + cuts - 1) / cuts) + block - 1) / block * block;
    }

    private static float[] ValuesOf(Span<float> x, QuantizedMatrix part, int first, int count)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = x[part.InputOrder?[first + i] ?? (first + i)];
        }

        return values;
    }

    private static (int[] Bytes, float Scale) Round(float[] values)
    {
        var largest = values.Max(MathF.Abs);
        return largest < 1e-30f ? (new int[values.Length], 0) : ([.. values.Select(value => (int)MathF.Round(value * (127f / largest)))], largest / 127f);
    }

    private static int? ZeroPoint(float scale, float offset)
    {
        var zero = scale == 0 && offset == 0 ? 0 : MathF.Round(offset / scale);
        return zero is >= 0 and <= 255 && zero * scale == offset ? (int)zero : null;
    }
}
