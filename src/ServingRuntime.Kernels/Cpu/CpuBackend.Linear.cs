namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <content>Products with packed weights.</content>
public sealed unsafe partial class CpuBackend
{
    public LinearWeight CreateLinear(ReadOnlySpan<Tensor> weights, ReadOnlySpan<Tensor> biases, DType dtype) =>
        new PackedLinear(weights, biases, dtype, kernels.PanelWidth);

    public LinearWeight CreateQuantizedLinear(IReadOnlyList<QuantizedMatrix> parts, ReadOnlySpan<Tensor> biases, DType dtype) =>
        new QuantizedLinear(parts, biases, kernels.PanelWidth);

    public void Linear(in Tensor x, LinearWeight weight, in Tensor output)
    {
        var packed = (PanelLinear)weight;
        Arguments.That(packed.PanelWidth == kernels.PanelWidth, $"a weight in panels of {packed.PanelWidth}, not {kernels.PanelWidth}");
        Arguments.Matrix(x, x.Shape[0], packed.InFeatures);
        Arguments.Matrix(output, x.Shape[0], packed.OutFeatures);
        var source = packed.InputOrder is { } order ? Reorder(x, order) : x;
        linear = new LinearCall(packed, source.Pointer<float>(), source.RowStride, output.Pointer<float>(), output.RowStride, x.Shape[0]);
        Run(linearSection, (long)x.Shape[0] * packed.InFeatures * packed.OutFeatures);
    }

    private void RunLinear(int part, int parts)
    {
        var weight = linear.Weight;

        // By outputs where each thread gets several panels or there are few rows; else by rows.
        if (weight.Panels >= 4 * parts || linear.Rows < 8 * parts)
        {
            var (begin, end) = Part(weight.Panels, part, parts);
            kernels.Linear(weight, linear.X, linear.XStride, linear.Y, linear.YStride, 0, linear.Rows, begin, end);
        }
        else
        {
            var (begin, end) = Part((linear.Rows + 7) / 8, part, parts);
            kernels.Linear(weight, linear.X, linear.XStride, linear.Y, linear.YStride, begin * 8, Math.Min(end * 8, linear.Rows), 0, weight.Panels);
        }
    }

    /// <summary>x with its columns in another order, in memory that the next call reuses.</summary>
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
                to[i] = from[order[i]];
            }
        }

        return result;
    }

    private readonly record struct LinearCall(PanelLinear Weight, nint XAddress, int XStride, nint YAddress, int YStride, int Rows)
    {
        public LinearCall(PanelLinear weight, float* x, int xStride, float* y, int yStride, int rows)
            : this(weight, (nint)x, xStride, (nint)y, yStride, rows)
        {
        }

        public float* X => (float*)XAddress;

        public float* Y => (float*)YAddress;
    }
}
