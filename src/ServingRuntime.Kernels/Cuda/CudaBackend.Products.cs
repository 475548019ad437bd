using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Products;

namespace Octavo.ServingRuntime.Kernels.Cuda;

/// <content>Products with weights.</content>
internal sealed partial class CudaBackend
{
    /// <inheritdoc/>
    /// <remarks>float32: weights, activations and sums are float32. bfloat16: weights and activations are rounded to bfloat16.</remarks>
    public LinearWeight CreateLinear(ReadOnlySpan<Tensor> weights, ReadOnlySpan<Tensor> biases, DType dtype)
    {
        Arguments.That(dtype is DType.Float32 or DType.BFloat16, $"products are computed in float32 or bfloat16, not {dtype}");
        return DenseWeight.Upload(device, copies, weights, biases, dtype);
    }

    public LinearWeight CreateQuantizedLinear(IReadOnlyList<QuantizedMatrix> parts, ReadOnlySpan<Tensor> biases, DType dtype) =>
        throw new NotSupportedException($"{Device}: products with quantised weights are not built for CUDA; run the model on --device cpu, or its unquantised form");

    public void Linear(in Tensor x, LinearWeight weight, in Tensor output)
    {
        var dense = (DenseWeight)weight;
        Arguments.Matrix(x, x.Shape[0], dense.InFeatures);
        Arguments.Matrix(output, x.Shape[0], dense.OutFeatures);
        var inputs = x;
        if (dense.Matrix.DType == DType.BFloat16 && x.Shape[0] > 0)
        {
            inputs = rounded.Of(x.Shape, DType.BFloat16);
            launcher.Round(x, inputs);
        }

        if (x.Shape[0] > 0)
        {
            products.Multiply(inputs, dense.Matrix, dense.Bias, output);
        }
    }

    public void GatedLinear(in Tensor x, LinearWeight weight, GatedActivation activation, in Tensor output)
    {
        Arguments.That(weight.OutFeatures == 2 * output.Shape[1], $"a gated weight of {weight.OutFeatures} outputs for {output.Shape}");
        if (x.Shape[0] > 0)
        {
            var both = gateUp.Of(new TensorShape(x.Shape[0], weight.OutFeatures), DType.Float32);
            Linear(x, weight, both);
            launcher.ActivationMul(activation, both, output);
        }
    }
}
