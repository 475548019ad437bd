using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Kernels.Tests;

/// <summary>Tensors of seeded values; disposes what it made.</summary>
internal sealed class RandomTensors(int seed) : IDisposable
{
    private readonly Random random = new(seed);
    private readonly ReferenceBackend memory = new();
    private readonly List<Tensor> made = [];

    public int Next(int least, int most) => random.Next(least, most + 1);

    public T Pick<T>(params ReadOnlySpan<T> values) => values[random.Next(values.Length)];

    public float[] Values(int count, float scale = 1f)
    {
        var values = new float[count];
        foreach (ref var value in values.AsSpan())
        {
            value = ((random.NextSingle() * 2) - 1) * scale;
        }

        return values;
    }

    public int[] Permutation(int count)
    {
        var order = Enumerable.Range(0, count).ToArray();
        random.Shuffle(order);
        return order;
    }

    public Tensor Floats(int rows, int columns, float scale = 1f) => Of(Values(rows * columns, scale), new TensorShape(rows, columns));

    public Tensor Vector(int count) => Of(Values(count), new TensorShape(count));

    public Tensor Of(float[] values, TensorShape shape, DType dtype = DType.Float32)
    {
        var tensor = Empty(shape, dtype);
        if (dtype is not (DType.BFloat16 or DType.Float16))
        {
            values.CopyTo(tensor.AsSpan<float>());
            return tensor;
        }

        var halves = tensor.AsSpan<ushort>();
        for (var i = 0; i < values.Length; i++)
        {
            halves[i] = dtype == DType.BFloat16 ? HostValues.ToBFloat16(values[i]) : BitConverter.HalfToUInt16Bits((Half)values[i]);
        }

        return tensor;
    }

    /// <summary>A float32 tensor, each value rounded to what another type can hold.</summary>
    public static Tensor Rounded(Tensor floats, DType dtype)
    {
        foreach (ref var value in floats.AsSpan<float>())
        {
            value = dtype switch
            {
                DType.BFloat16 => HostValues.FromBFloat16(HostValues.ToBFloat16(value)),
                DType.Float16 => (float)(Half)value,
                _ => value,
            };
        }

        return floats;
    }

    public Tensor Ints(params int[] values)
    {
        var tensor = Empty(new TensorShape(values.Length), DType.Int32);
        values.CopyTo(tensor.AsSpan<int>());
        return tensor;
    }

    public Tensor Empty(TensorShape shape, DType dtype = DType.Float32)
    {
        var tensor = memory.Allocate(shape, dtype);
        made.Add(tensor);
        return tensor;
    }

    /// <summary>A copy with rows further apart than they are wide.</summary>
    public Tensor Strided(Tensor source)
    {
        var wide = Empty(new TensorShape(source.Shape[0], source.Shape[1] + 5));
        var view = wide.Columns(3, source.Shape[1]);
        for (var row = 0; row < source.Shape[0]; row++)
        {
            source.Row<float>(row).CopyTo(view.Row<float>(row));
        }

        return view;
    }

    public void Dispose() => made.ForEach(tensor => tensor.Memory.Dispose());
}
