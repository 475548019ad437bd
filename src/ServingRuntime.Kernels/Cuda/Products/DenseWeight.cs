using Octavo.ServingRuntime.Kernels.Cuda.Device;

namespace Octavo.ServingRuntime.Kernels.Cuda.Products;

/// <summary>Matrices stacked by rows on the device, [outputs, inputs] in float32, bfloat16 or float16, with a bias where one of them has one: in float32 and in the matrix' type, since cuBLASLt
/// adds one of the output's type only.</summary>
internal sealed class DenseWeight : LinearWeight
{
    private readonly Tensor? bias;
    private readonly Tensor? narrowBias;
    private readonly bool ownsMatrix;

    private DenseWeight(Tensor matrix, bool ownsMatrix, Tensor? bias, Tensor? narrowBias) : base(matrix.Shape[1], matrix.Shape[0])
    {
        Matrix = matrix;
        this.ownsMatrix = ownsMatrix;
        this.bias = bias;
        this.narrowBias = narrowBias;
    }

    public Tensor Matrix { get; }

    public override long Bytes => (ownsMatrix ? Matrix.Memory.Bytes : 0) + (bias?.Memory.Bytes ?? 0) + (narrowBias?.Memory.Bytes ?? 0);

    /// <summary>The bias for an output of float32 or the matrix' type; null: none.</summary>
    public Tensor? BiasOf(DType output) => output == DType.Float32 ? bias : narrowBias;

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

        var made = new List<Tensor>();
        try
        {
            made.Add(Empty(device, new TensorShape(outputs, inputs), dtype));
            foreach (var type in biases.IsEmpty ? [] : dtype == DType.Float32 ? [dtype] : (ReadOnlySpan<DType>)[DType.Float32, dtype])
            {
                made.Add(Empty(device, new TensorShape(outputs), type));
            }

            var row = 0;
            for (var i = 0; i < weights.Length; i++)
            {
                var count = weights[i].Shape[0];
                HostRows.Upload(weights[i], made[0].Rows(row, count), copies);
                foreach (var vector in made.Skip(1))
                {
                    Cpu.Arguments.That(biases[i].Shape.Rank == 1 && biases[i].Shape[0] == count, $"a bias {biases[i].Shape} of a matrix {weights[i].Shape}");
                    HostRows.Upload(biases[i], vector.Rows(row, count), copies);
                }

                row += count;
            }

            return new DenseWeight(made[0], ownsMatrix: true, made.Count > 1 ? made[1] : null, made.Count > 2 ? made[2] : null);
        }
        catch
        {
            made.ForEach(tensor => tensor.Memory.Dispose());
            throw;
        }
    }

    /// <summary>A matrix of somebody else's on the device, which must stay open.</summary>
    public static DenseWeight Over(in Tensor matrix)
    {
        Cpu.Arguments.That(matrix.IsDense && matrix.Shape.Rank == 2, $"a matrix {matrix.Shape}");
        return new DenseWeight(matrix, ownsMatrix: false, null, null);
    }

    public override void Dispose()
    {
        if (ownsMatrix)
        {
            Matrix.Memory.Dispose();
        }

        bias?.Memory.Dispose();
        narrowBias?.Memory.Dispose();
    }

    private static Tensor Empty(CudaDevice device, TensorShape shape, DType dtype) =>
        new(device.Allocate(shape.ElementCount * dtype.Size(), Native.CudaMemoryPurpose.Weights), 0, shape, dtype);
}
