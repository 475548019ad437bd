namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <content>Products with packed weights.</content>
public sealed unsafe partial class CpuBackend
{
    // Work in multiply-adds of float32: of an input that is rounded, and of a byte of weights that comes from memory.
    private const long InputWork = 8;
    private const long ByteWork = 2;
    private readonly DenseProducts products;
    private readonly RoundedActivations rounded = new();
    private readonly Action<int, int> roundSection;
    private readonly Action<int, int> denseSection;
    private DenseCall dense;

    public LinearWeight CreateLinear(ReadOnlySpan<Tensor> weights, ReadOnlySpan<Tensor> biases, DType dtype)
    {
        if (dtype is not (DType.Float32 or DType.BFloat16))
        {
            throw new ArgumentException($"on the CPU products are computed in float32 or bfloat16, not {dtype}", nameof(dtype));
        }

        var held = dtype == DType.Float32 ? Narrowest(weights) : dtype;
        return new PackedLinear(weights, biases, held, products.For(held, exact: dtype == DType.Float32), kernels.PanelWidth, team);
    }

    public void Linear(in Tensor x, LinearWeight weight, in Tensor output)
    {
        Arguments.Matrix(x, x.Shape[0], weight.InFeatures);
        Arguments.Matrix(output, x.Shape[0], weight.OutFeatures);
        if (weight is QuantizedLinear quantizedWeight)
        {
            QuantizedLinear(x, quantizedWeight, output);
            return;
        }

        DenseLinear(x, (PackedLinear)weight, output);
    }

    /// <summary>The type that holds all of them exactly: half the memory, and half the time where that is what limits, wherever it has two bytes.</summary>
    private static DType Narrowest(ReadOnlySpan<Tensor> weights)
    {
        var first = weights[0].DType;
        foreach (var weight in weights)
        {
            if (weight.DType != first)
            {
                return DType.Float32;
            }
        }

        return first is DType.BFloat16 or DType.Float16 ? first : DType.Float32;
    }

    private void DenseLinear(in Tensor x, PackedLinear weight, in Tensor output)
    {
        if (x.Shape[0] > 0)
        {
            Run(denseSection, PrepareDense(x, weight, output));
        }
    }

    /// <summary>Sets the call up and rounds activations.</summary>
    /// <returns>The product's work.</returns>
    private long PrepareDense(in Tensor x, PackedLinear weight, in Tensor output)
    {
        Arguments.That(weight.PanelWidth == kernels.PanelWidth, $"a weight in panels of {weight.PanelWidth}, not {kernels.PanelWidth}");
        var rows = x.Shape[0];
        dense = new DenseCall { Weight = weight, Rows = rows, X = x.Pointer<float>(), XStride = x.RowStride, Y = output.Pointer<float>(), YStride = output.RowStride };
        if (weight.Product.RoundsActivations)
        {
            rounded.Prepare(rows, weight.InFeatures);
            dense.Rounded = rounded;
            Run(roundSection, InputWork * rows * weight.InFeatures);
        }

        // What takes longer: to compute, or to bring the weights from memory.
        return Math.Max((long)rows * weight.InFeatures * weight.OutFeatures / weight.Product.Speed, ByteWork * weight.Bytes);
    }

    private void RunRound(int part, int parts)
    {
        var (begin, end) = PartRanges.Split(dense.Rows, part, parts);
        rounded.Round(dense.X, dense.XStride, dense.Weight.InFeatures, begin, end);
    }

    private void RunDense(int part, int parts)
    {
        var weight = dense.Weight;
        var block = weight.Product.RowBlock;
        var share = ProductShare.Of(weight.Panels, (dense.Rows + block - 1) / block, part, parts);
        weight.Product.Run(weight, dense, share.TileBegin * block, Math.Min(share.TileEnd * block, dense.Rows), share.PanelBegin, share.PanelEnd);
    }
}
