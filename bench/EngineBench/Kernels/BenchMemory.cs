using Octavo.ServingRuntime.Kernels;

namespace Octavo.EngineBench.Kernels;

/// <summary>Tensors of seeded values between -1 and 1; disposes what it made.</summary>
internal sealed class BenchMemory(IKernelBackend backend) : IDisposable
{
    private readonly Random random = new(1);
    private readonly List<Tensor> made = [];

    public Tensor Floats(int rows, int columns) => Fill(new TensorShape(rows, columns));

    public Tensor Vector(int count) => Fill(new TensorShape(count));

    public Tensor Ints(int[] values)
    {
        var tensor = backend.Allocate(new TensorShape(values.Length), DType.Int32);
        made.Add(tensor);
        backend.CopyToDevice<int>(values, tensor);
        return tensor;
    }

    public void Dispose() => made.ForEach(tensor => tensor.Memory.Dispose());

    private Tensor Fill(TensorShape shape)
    {
        var tensor = backend.Allocate(shape, DType.Float32);
        made.Add(tensor);
        var values = new float[shape.ElementCount];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (random.NextSingle() * 2) - 1;
        }

        backend.CopyToDevice<float>(values, tensor);
        return tensor;
    }
}
