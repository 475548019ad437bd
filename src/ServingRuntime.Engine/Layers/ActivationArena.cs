using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Layers;

/// <summary>
/// Memory for one forward pass's intermediate results, taken like a stack and given back all at once. It grows to what the largest pass so
/// far needed; then a pass allocates nothing.
/// </summary>
public sealed class ActivationArena(IKernelBackend backend) : IDisposable
{
    private const int AlignmentBytes = 64;
    private readonly List<Tensor> overflow = [];
    private Tensor? block;
    private long used;
    private long demand;
    private long peak;

    /// <summary>Bytes held.</summary>
    public long Bytes => (block?.Memory.Bytes ?? 0) + overflow.Sum(tensor => tensor.Memory.Bytes);

    /// <summary>A matrix with undefined content.</summary>
    public Tensor Take(int rows, int columns, DType dtype)
    {
        var shape = new TensorShape(rows, columns);
        var bytes = ((shape.ElementCount * dtype.Size()) + AlignmentBytes - 1) / AlignmentBytes * AlignmentBytes;
        demand += bytes;
        peak = Math.Max(peak, demand);
        if (block is { } memory && used + bytes <= memory.Memory.Bytes)
        {
            var tensor = new Tensor(memory.Memory, used, shape, dtype);
            used += bytes;
            return tensor;
        }

        var extra = backend.Allocate(shape, dtype);
        overflow.Add(extra);
        return extra;
    }

    /// <summary>A place to <see cref="Release"/> to.</summary>
    public (long Used, long Demand) Mark() => (used, demand);

    /// <summary>Gives back what was taken since.</summary>
    public void Release((long Used, long Demand) mark) => (used, demand) = mark;

    /// <summary>Gives everything back.</summary>
    public void Reset()
    {
        used = demand = 0;
        if (overflow.Count == 0)
        {
            return;
        }

        overflow.ForEach(tensor => tensor.Memory.Dispose());
        overflow.Clear();
        block?.Memory.Dispose();
        block = backend.Allocate(new TensorShape(checked((int)(peak / AlignmentBytes)), AlignmentBytes / sizeof(float)), DType.Float32);
    }

    public void Dispose()
    {
        overflow.ForEach(tensor => tensor.Memory.Dispose());
        block?.Memory.Dispose();
    }
}
