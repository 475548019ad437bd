using Octavo.ServingRuntime.Kernels.Cuda.Device;

namespace Octavo.ServingRuntime.Kernels.Cuda.Products;

/// <summary>Matrices stacked by rows on the device, [outputs, inputs] in float32 or bfloat16, with a float32 bias where one of them has one.</summary>
internal sealed class DenseWeight : LinearWeight
{
    private DenseWeight(Tensor matrix, Tensor? bias) : base(matrix.Shape[1], matrix.Shape[0])
    {
        Matrix = matrix;
        Bias = bias;
    }

    public Tensor Matrix { get; }

    public Tensor? Bias { get; }

    public override long Bytes => Matrix.Memory.Bytes + (Bias?.Memory.Bytes ?? 0);

    /// <param name="weights">[N_i, K] in host memory: float32, bfloat16 or float16.</param>
    /// <param name="biases">None, or one [N_i] for each.</param>
    /// <param name="dtype">What the device holds.</param>
    public static DenseWeight Upload(CudaDevice device, StagedCopies copies, ReadOnlySpan<Tensor> weights, ReadOnlySpan<Tensor> biases, DType dtype)
    {
        Cpu.Arguments.That(biases.Length == 0 || biases.Length == weights.Length, $"{biases.Length} biases for {weights.Length} matrices");
        var inputs = weights[0].Shape[1];
        var outputs = 0;
        foreach (var weight in weights)
        {
            Cpu.Arguments.That(weight.Shape.Rank == 2 && weight.Shape[1] == inputs, $"a matrix {weight.Shape} beside others of {inputs} inputs");
            outputs = checked(outputs + weight.Shape[0]);
        }

        var matrix = Empty(device, new TensorShape(outputs, inputs), dtype);
        Tensor? bias = null;
        try
        {
            bias = biases.Length > 0 ? Empty(device, new TensorShape(outputs), DType.Float32) : null;
            var row = 0;
            for (var i = 0; i < weights.Length; i++)
            {
                HostRows.Upload(weights[i], matrix.Rows(row, weights[i].Shape[0]), copies);
                if (bias is { } vector)
                {
                    Cpu.Arguments.That(biases[i].Shape.Rank == 1 && biases[i].Shape[0] == weights[i].Shape[0], $"a bias {biases[i].Shape} of a matrix {weights[i].Shape}");
                    HostRows.Upload(biases[i], vector.Rows(row, weights[i].Shape[0]), copies);
                }

                row += weights[i].Shape[0];
            }

            return new DenseWeight(matrix, bias);
        }
        catch
        {
            matrix.Memory.Dispose();
            bias?.Memory.Dispose();
            throw;
        }
    }

    public override void Dispose()
    {
        Matrix.Memory.Dispose();
        Bias?.Memory.Dispose();
    }

    private static Tensor Empty(CudaDevice device, TensorShape shape, DType dtype) =>
        new(device.Allocate(shape.ElementCount * dtype.Size(), Native.CudaMemoryPurpose.Weights), 0, shape, dtype);
}
