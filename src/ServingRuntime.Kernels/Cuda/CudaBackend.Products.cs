using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Compilation;
using Octavo.ServingRuntime.Kernels.Cuda.Launch;
using Octavo.ServingRuntime.Kernels.Cuda.Products;

namespace Octavo.ServingRuntime.Kernels.Cuda;

/// <content>Products with weights.</content>
public sealed partial class CudaBackend
{
    /// <inheritdoc/>
    /// <remarks>Weights and activations are of the type, which may be float16, too; sums are float32.</remarks>
    public LinearWeight CreateLinear(ReadOnlySpan<Tensor> weights, ReadOnlySpan<Tensor> biases, DType dtype)
    {
        Arguments.That(KernelNames.IsActivation(dtype), $"products are computed in float32, bfloat16 or float16, not {dtype}");
        return DenseWeight.Upload(device, copies, weights, biases, dtype);
    }

    /// <inheritdoc/>
    /// <remarks>float32: exact. bfloat16 (and float16): activations are rounded to it; weights are not, but where more than 256 rows are multiplied at once.</remarks>
    public LinearWeight CreateQuantizedLinear(IReadOnlyList<QuantizedMatrix> parts, ReadOnlySpan<Tensor> biases, DType dtype)
    {
        var weight = QuantizedWeight.Upload(device, copies, parts, biases, dtype, team);
        kernels.LoadAll(KernelSource.OfPackedWeights(weight.Bits, dtype));
        return weight;
    }

    /// <inheritdoc/>
    /// <remarks>The output is of the weight's type or float32; so is x, which is brought into the weight's where it has another.</remarks>
    public void Linear(in Tensor x, LinearWeight weight, in Tensor output)
    {
        if (weight is QuantizedWeight packed)
        {
            quantizedProducts.Multiply(x, packed, output);
            return;
        }

        var dense = (DenseWeight)weight;
        Arguments.That(x.Shape.Rank == 2 && x.Shape[1] == dense.InFeatures, $"x {x.Shape} for a weight of {dense.InFeatures} inputs");
        Arguments.That(output.Shape.Rank == 2 && output.Shape[0] == x.Shape[0] && output.Shape[1] == dense.OutFeatures, $"an output {output.Shape} of x {x.Shape} and a weight of {dense.OutFeatures} outputs");
        if (x.Shape[0] == 0)
        {
            return;
        }

        var inputs = x;
        if (x.DType != dense.Matrix.DType)
        {
            inputs = rounded.Of(x.Shape, dense.Matrix.DType);
            launcher.Copy(x, inputs);
        }

        products.Multiply(inputs, dense.Matrix, dense.BiasOf(output.DType), output);
    }

    public void GatedLinear(in Tensor x, LinearWeight weight, GatedActivation activation, in Tensor output)
    {
        Arguments.That(weight.OutFeatures == 2 * output.Shape[1], $"a gated weight of {weight.OutFeatures} outputs for {output.Shape}");
        if (x.Shape[0] > 0)
        {
            var both = gateUp.Of(new TensorShape(x.Shape[0], weight.OutFeatures), output.DType);
            Linear(x, weight, both);
            launcher.ActivationMul(activation, both, output);
        }
    }
}
