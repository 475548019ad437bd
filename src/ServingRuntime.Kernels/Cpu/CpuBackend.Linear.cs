namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <content>Products with packed weights.</content>
public sealed unsafe partial class CpuBackend
{
    public LinearWeight CreateLinear(ReadOnlySpan<Tensor> weights, ReadOnlySpan<Tensor> biases, DType dtype) =>
        new PackedLinear(weights, biases, dtype, kernels.PanelWidth);

    public void Linear(in Tensor x, LinearWeight weight, in Tensor output)
    {
        Arguments.Matrix(x, x.Shape[0], weight.InFeatures);
        Arguments.Matrix(output, x.Shape[0], weight.OutFeatures);
        if (weight is QuantizedLinear quantizedWeight)
        {
            QuantizedLinear(x, quantizedWeight, output);
            return;
        }

        var packed = (PanelLinear)weight;
        Arguments.That(packed.PanelWidth == kernels.PanelWidth, $"a weight in panels of {packed.PanelWidth}, not {kernels.PanelWidth}");
        linear = new LinearCall(packed, x.Pointer<float>(), x.RowStride, output.Pointer<float>(), output.RowStride, x.Shape[0]);
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
