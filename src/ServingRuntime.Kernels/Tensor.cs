using System.Runtime.CompilerServices;
using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Kernels;

/// <summary>
/// A view of <see cref="TensorMemory"/>: shape, element type, place. A value, so slicing allocates nothing.
/// Row-major; a matrix may have rows that lie further apart than they are wide (<see cref="RowStride"/>), everything else is dense.
/// </summary>
public readonly unsafe struct Tensor
{
    private readonly byte* data;

    /// <param name="memory">What it is a view of.</param>
    /// <param name="byteOffset">Where it begins; the whole view must lie inside.</param>
    public Tensor(TensorMemory memory, long byteOffset, TensorShape shape, DType dtype)
        : this(memory, (byte*)memory.Address + byteOffset, shape, dtype, shape.Rank == 2 ? shape[1] : 0)
    {
        var bytes = checked(shape.ElementCount * dtype.Size());
        if (byteOffset < 0 || byteOffset > memory.Bytes || bytes > memory.Bytes - byteOffset)
        {
            throw new ArgumentOutOfRangeException(nameof(byteOffset), byteOffset, $"{shape} {dtype} does not fit into {memory.Bytes} bytes");
        }
    }

    private Tensor(TensorMemory memory, byte* data, TensorShape shape, DType dtype, int rowStride)
    {
        Memory = memory;
        this.data = data;
        Shape = shape;
        DType = dtype;
        RowStride = rowStride;
    }

    public TensorMemory Memory { get; }

    public TensorShape Shape { get; }

    public DType DType { get; }

    /// <summary>Elements from one row of a matrix to the next; 0 for other ranks.</summary>
    public int RowStride { get; }

    public bool IsDense => Shape.Rank != 2 || RowStride == Shape[1];

    /// <summary>Rows [start, start + count) of a matrix, or elements of a vector.</summary>
    public Tensor Rows(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)start + count, Shape[0], nameof(count));
        return Shape.Rank switch
        {
            1 => new Tensor(Memory, data + ((long)start * DType.Size()), new TensorShape(count), DType, 0),
            2 => new Tensor(Memory, data + ((long)start * RowStride * DType.Size()), new TensorShape(count, Shape[1]), DType, RowStride),
            _ => throw new InvalidOperationException($"rows of {Shape}"),
        };
    }

    /// <summary>Columns [start, start + count) of a matrix: the same rows, narrower.</summary>
    public Tensor Columns(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)start + count, Shape[1], nameof(count));
        return new Tensor(Memory, data + ((long)start * DType.Size()), new TensorShape(Shape[0], count), DType, RowStride);
    }

    /// <summary>The elements of dense host memory.</summary>
    public Span<T> AsSpan<T>() where T : unmanaged
    {
        if (!IsDense || Memory.Device != Device.Cpu || Unsafe.SizeOf<T>() != DType.Size())
        {
            throw new InvalidOperationException($"no span of {typeof(T).Name} over {Shape} {DType} on {Memory.Device}");
        }

        return new Span<T>(Pointer<T>(), checked((int)Shape.ElementCount));
    }

    /// <summary>The elements of dense host memory in float32.</summary>
    /// <exception cref="NotSupportedException">They are integers.</exception>
    public float[] ToFloat32()
    {
        var values = new float[checked((int)Shape.ElementCount)];
        switch (DType)
        {
            case DType.Float32:
                AsSpan<float>().CopyTo(values);
                break;
            case DType.BFloat16:
                Convert<ushort>(values, HostValues.FromBFloat16);
                break;
            case DType.Float16:
                System.Numerics.Tensors.TensorPrimitives.ConvertToSingle(AsSpan<Half>(), values);
                break;
            case DType.Float8E4M3:
                Convert<byte>(values, Float8.FromE4M3);
                break;
            case DType.Float8E5M2:
                Convert<byte>(values, Float8.FromE5M2);
                break;
            default:
                throw new NotSupportedException($"{DType} is no floating-point type");
        }

        return values;
    }

    /// <summary>One row of a host matrix.</summary>
    public Span<T> Row<T>(int row) where T : unmanaged => Rows(row, 1).AsDenseRow<T>();

    private void Convert<T>(float[] values, Func<T, float> convert) where T : unmanaged
    {
        var source = AsSpan<T>();
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = convert(source[i]);
        }
    }

    internal T* Pointer<T>() where T : unmanaged => (T*)data;

    private Span<T> AsDenseRow<T>() where T : unmanaged => new Tensor(Memory, data, Shape, DType, Shape[1]).AsSpan<T>();
}
