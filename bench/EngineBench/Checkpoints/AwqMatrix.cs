using System.Runtime.InteropServices;

namespace Octavo.EngineBench.Checkpoints;

/// <summary>
/// A matrix [outputs, inputs] in AutoAWQ's layout ("gemm"): eight outputs of one input in a word, in the order below; zero points likewise by group of inputs; scales float16
/// [groups, outputs]. Rounded to nearest between each group's extremes.
/// </summary>
internal sealed class AwqMatrix
{
    private static readonly int[] Order = [0, 2, 4, 6, 1, 3, 5, 7];
    private readonly int[] words;
    private readonly int[] zeros;
    private readonly Half[] scales;

    public AwqMatrix(RandomWeights weights, CheckpointTensor tensor, int groupSize)
    {
        int outputs = tensor.Rows, inputs = tensor.Columns, groups = inputs / groupSize;
        (words, zeros, scales) = (new int[inputs * (outputs / 8)], new int[groups * (outputs / 8)], new Half[groups * outputs]);
        var place = new int[8];
        for (var n = 0; n < 8; n++)
        {
            place[Order[n]] = 4 * n;
        }

        var row = new float[inputs];
        for (var o = 0; o < outputs; o++)
        {
            weights.Row(tensor, o, row);
            int column = o / 8, shift = place[o % 8];
            for (var g = 0; g < groups; g++)
            {
                var group = row.AsSpan(g * groupSize, groupSize);
                float low = 0, high = 0;
                foreach (var value in group)
                {
                    (low, high) = (MathF.Min(low, value), MathF.Max(high, value));
                }

                var scale = (Half)MathF.Max((high - low) / 15, 1e-5f);
                var zero = Math.Clamp((int)MathF.Round(-low / (float)scale), 0, 15);
                scales[(g * outputs) + o] = scale;
                zeros[(g * (outputs / 8)) + column] |= zero << shift;
                for (var i = 0; i < groupSize; i++)
                {
                    var number = Math.Clamp((int)MathF.Round(group[i] / (float)scale) + zero, 0, 15);
                    words[((((g * groupSize) + i) * (outputs / 8))) + column] |= number << shift;
                }
            }
        }
    }

    public void WriteWords(Stream stream) => stream.Write(MemoryMarshal.AsBytes<int>(words));

    public void WriteZeros(Stream stream) => stream.Write(MemoryMarshal.AsBytes<int>(zeros));

    public void WriteScales(Stream stream) => stream.Write(MemoryMarshal.AsBytes<Half>(scales));
}
