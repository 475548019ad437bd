namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <content>Products with weights of 4 and 8 bits.</content>
public sealed unsafe partial class CpuBackend
{
    // Work in multiply-adds of float32: of an input that is rounded, and how many products of bytes are one.
    private const long RoundingWork = 16;
    private const long ByteProducts = 4;
    private readonly QuantizedKernels quantizedKernels;
    private readonly QuantizedRows quantizedRows = new();
    private readonly Action<int, int> quantizedSection;
    private readonly Action<int, int> roundingSection;
    private QuantizedCall quantized;

    public LinearWeight CreateQuantizedLinear(IReadOnlyList<QuantizedMatrix> parts, ReadOnlySpan<Tensor> biases, DType dtype) =>
        new QuantizedLinear(parts, biases, dtype, team);

    private void QuantizedLinear(in Tensor x, QuantizedLinear weight, in Tensor output)
    {
        if (x.Shape[0] > 0)
        {
            Run(quantizedSection, PrepareQuantized(x, weight, output));
        }
    }

    /// <summary>Sets the call up, orders inputs and rounds activations.</summary>
    /// <returns>The product's work.</returns>
    private long PrepareQuantized(in Tensor x, QuantizedLinear weight, in Tensor output)
    {
        var rows = x.Shape[0];
        var exact = weight.DType == DType.Float32;
        var source = exact && weight.InputMap is { } map ? Reorder(x, map) : x;
        quantized = new QuantizedCall(weight, (nint)source.Pointer<float>(), source.RowStride, (nint)output.Pointer<float>(), output.RowStride, rows);
        if (!exact)
        {
            quantizedKernels.Prepare(quantizedRows, weight, rows);
            Run(roundingSection, RoundingWork * rows * weight.PaddedInputs);
        }

        return (long)rows * weight.PaddedInputs * weight.OutFeatures / (exact ? 1 : ByteProducts);
    }

    private void RunRounding(int part, int parts)
    {
        var (begin, end) = PartRanges.Split(quantizedRows.Tiles, part, parts);
        quantizedRows.Fill((float*)quantized.X, quantized.XStride, begin, end);
    }

    private void RunQuantized(int part, int parts)
    {
        var tiles = quantized.Weight.DType == DType.Float32 ? quantized.Rows : quantizedRows.Tiles;
        RunQuantized(ProductShare.Of(quantized.Weight.Panels, tiles, part, parts), (float*)quantized.Y, quantized.YStride);
    }

    /// <param name="y">Where row 0 and output 0 lie.</param>
    private void RunQuantized(in ProductShare share, float* y, int yStride)
    {
        var weight = quantized.Weight;
        if (weight.DType == DType.Float32)
        {
            quantizedKernels.Exact(weight, (float*)quantized.X, quantized.XStride, y, yStride, share.TileBegin, share.TileEnd, share.PanelBegin, share.PanelEnd);
        }
        else
        {
            quantizedKernels.Rounded(weight, quantizedRows, y, yStride, share.TileBegin, share.TileEnd, share.PanelBegin, share.PanelEnd);
        }
    }

    /// <summary>x with its columns in another order, zero where that has no input, in memory that the next call reuses.</summary>
    private Tensor Reorder(in Tensor x, int[] order)
    {
        var bytes = checked((long)x.Shape[0] * order.Length * sizeof(float));
        if (reordered is null || reordered.Bytes < bytes)
        {
            reordered?.Dispose();
            reordered = new CpuMemory(bytes);
        }

        var result = new Tensor(reordered, 0, new TensorShape(x.Shape[0], order.Length), DType.Float32);
        for (var t = 0; t < x.Shape[0]; t++)
        {
            Span<float> from = x.Row<float>(t), to = result.Row<float>(t);
            for (var i = 0; i < order.Length; i++)
            {
                to[i] = order[i] < 0 ? 0 : from[order[i]];
            }
        }

        return result;
    }

    private readonly record struct QuantizedCall(QuantizedLinear Weight, nint X, int XStride, nint Y, int YStride, int Rows);
}
