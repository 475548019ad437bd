using System.Numerics.Tensors;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.ModelLoader;

/// <summary>Takes a quantised layer's tensors out of their packing (formats: AutoAWQ's GEMM layout; AutoGPTQ's).</summary>
internal static class QuantizedMatrixReader
{
    /// <summary>Column of each nibble of a word in AWQ.</summary>
    private static readonly int[] AwqColumns = [0, 2, 4, 6, 1, 3, 5, 7];

    private static readonly int[] PlainColumns = [0, 1, 2, 3, 4, 5, 6, 7];

    /// <exception cref="CheckpointException">Tensors are missing or their shapes do not fit.</exception>
    public static QuantizedMatrix Read(WeightLoader weights, QuantizationConfig config, string prefix, int inFeatures, int outFeatures)
    {
        int groupSize = Math.Min(config.GroupSize ?? inFeatures, inFeatures), perWord = 32 / config.Bits;
        if (inFeatures % perWord != 0 || outFeatures % perWord != 0 || groupSize % 2 != 0)
        {
            throw new CheckpointException($"{prefix}: [{outFeatures}, {inFeatures}] of {config.Bits} bits cannot be packed in groups of {groupSize}");
        }

        var groups = (inFeatures + groupSize - 1) / groupSize;
        var scales = weights.Floats(prefix + ".scales", groups, outFeatures);
        var zeros = weights.Integers(prefix + ".qzeros", groups, outFeatures / perWord);
        var matrix = config.Method == QuantizationMethod.Awq
            ? Awq(weights.Integers(prefix + ".qweight", inFeatures, outFeatures / perWord), inFeatures, outFeatures)
            : Gptq(weights.Integers(prefix + ".qweight", inFeatures / perWord, outFeatures), inFeatures, outFeatures, config.Bits);
        var order = config.Method == QuantizationMethod.Awq ? AwqColumns : PlainColumns;
        var offsets = Array.ConvertAll(Columns(zeros, groups, outFeatures, config.Bits, order, config.ZeroOffset), zero => (float)zero);
        TensorPrimitives.Multiply(offsets, scales, offsets);
        var result = new QuantizedMatrix
        {
            InFeatures = inFeatures, OutFeatures = outFeatures, Bits = config.Bits, GroupSize = groupSize, Values = matrix, Scales = scales, Offsets = offsets,
        };
        return Ordered(weights, config, prefix, result);
    }

    private static byte[] Awq(ReadOnlySpan<int> words, int inFeatures, int outFeatures) => Columns(words, inFeatures, outFeatures, 4, AwqColumns, 0);

    /// <summary>Rows of words, each of some columns, its lowest bits first.</summary>
    /// <param name="order">Column of each part of a word.</param>
    /// <param name="offset">Added to each number, which stays within its bits.</param>
    private static byte[] Columns(ReadOnlySpan<int> words, int rows, int columns, int bits, int[] order, int offset)
    {
        int perWord = 32 / bits, mask = (1 << bits) - 1;
        var values = new byte[checked(rows * columns)];
        for (var w = 0; w < words.Length; w++)
        {
            for (var i = 0; i < perWord; i++)
            {
                values[(w * perWord) + order[i]] = (byte)(((words[w] >> (bits * i)) + offset) & mask);
            }
        }

        return values;
    }

    /// <summary>Words of some rows of one column each.</summary>
    private static byte[] Gptq(ReadOnlySpan<int> words, int inFeatures, int outFeatures, int bits)
    {
        int perWord = 32 / bits, mask = (1 << bits) - 1;
        var values = new byte[checked(inFeatures * outFeatures)];
        for (var w = 0; w < words.Length; w++)
        {
            var (row, column) = Math.DivRem(w, outFeatures);
            for (var i = 0; i < perWord; i++)
            {
                values[(((row * perWord) + i) * outFeatures) + column] = (byte)((words[w] >> (bits * i)) & mask);
            }
        }

        return values;
    }

    /// <summary>Sorts the rows by group where the checkpoint gives each input a group of its own.</summary>
    private static QuantizedMatrix Ordered(WeightLoader weights, QuantizationConfig config, string prefix, QuantizedMatrix matrix)
    {
        if (config.Method != QuantizationMethod.Gptq || !weights.Contains(prefix + ".g_idx"))
        {
            return matrix;
        }

        var groupOf = weights.Integers(prefix + ".g_idx", matrix.InFeatures).ToArray();
        if (!config.DescAct)
        {
            return matrix;
        }

        var order = Enumerable.Range(0, matrix.InFeatures).OrderBy(input => groupOf[input]).ToArray();
        for (var row = 0; row < order.Length; row++)
        {
            if (groupOf[order[row]] != row / matrix.GroupSize)
            {
                throw new CheckpointException($"{prefix}.g_idx: its groups have not {matrix.GroupSize} inputs each");
            }
        }

        if (order.Index().All(place => place.Index == place.Item))
        {
            return matrix;
        }

        var values = new byte[matrix.Values.Length];
        for (var row = 0; row < order.Length; row++)
        {
            matrix.Values.AsSpan(order[row] * matrix.OutFeatures, matrix.OutFeatures).CopyTo(values.AsSpan(row * matrix.OutFeatures));
        }

        return matrix with { Values = values, InputOrder = order };
    }
}
