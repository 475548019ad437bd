using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.ModelLoader.Gguf;

/// <summary>Some rows of a tensor, which are one of the model's own: all of a matrix, an expert of a stack, the queries of a fused matrix.</summary>
/// <param name="Shape">Of what the model takes.</param>
/// <param name="First">First row in the tensor.</param>
/// <param name="HeadDim">Above 0: rows of each head in the order of Llama's files for llama.cpp, which pairs neighbours where Hugging Face pairs halves.</param>
internal sealed record GgufRows(GgufTensor Tensor, TensorShape Shape, long First = 0, int HeadDim = 0)
{
    private const int TileRows = 64;

    public bool IsQuantized => Tensor.Format.IsQuantized;

    public bool IsView => !IsQuantized && HeadDim == 0;

    private int Count => checked((int)(Shape.ElementCount / Tensor.Columns));

    /// <summary>Plain numbers as they lie in the file.</summary>
    public Tensor View() => new(Tensor.Memory, Tensor.Offset + (First * Tensor.RowBytes), Shape, DType());

    /// <summary>A copy: plain numbers in the model's order of rows, or float32 of quantised ones.</summary>
    public void CopyTo(OwnedMemory memory)
    {
        for (var row = 0; row < Count; row++)
        {
            if (IsQuantized)
            {
                Widen(row, MemoryMarshal.Cast<byte, float>(memory.Span((long)row * Tensor.Columns * sizeof(float), Tensor.Columns * sizeof(float))));
            }
            else
            {
                Bytes(row).CopyTo(memory.Span(row * Tensor.RowBytes, (int)Tensor.RowBytes));
            }
        }
    }

    public DType DType() => Tensor.Format.Type switch
    {
        GgufTensorType.F32 => Kernels.DType.Float32,
        GgufTensorType.F16 => Kernels.DType.Float16,
        GgufTensorType.BF16 => Kernels.DType.BFloat16,
        _ when Tensor.Format.Bits > 0 => Kernels.DType.Float32,
        var other => throw new CheckpointException($"tensor {Tensor.Name} is of {other}, which is not supported; {string.Join(", ", GgufTensorFormat.Readable)} are"),
    };

    /// <summary>One row of a quantised tensor in float32.</summary>
    public void Widen(int row, Span<float> output)
    {
        var format = Tensor.Format;
        var bytes = Bytes(row);
        Span<byte> values = stackalloc byte[format.BlockSize];
        Span<float> scales = stackalloc float[format.BlockSize / format.GroupSize], offsets = stackalloc float[format.BlockSize / format.GroupSize];
        for (var block = 0; block * format.BlockSize < Tensor.Columns; block++)
        {
            GgufBlock.Unpack(format.Type, bytes.Slice(block * format.BlockBytes, format.BlockBytes), values, scales, offsets);
            var to = output.Slice(block * format.BlockSize, format.BlockSize);
            for (var i = 0; i < to.Length; i++)
            {
                to[i] = MathF.FusedMultiplyAdd(values[i], scales[i / format.GroupSize], -offsets[i / format.GroupSize]);
            }
        }
    }

    /// <summary>The whole numbers freed of their packing, inputs outermost.</summary>
    /// <exception cref="CheckpointException">The matrix is too large for one array.</exception>
    public QuantizedMatrix ToMatrix()
    {
        int inputs = Tensor.Columns, outputs = Count, groupSize = Tensor.Format.GroupSize;
        if ((long)inputs * outputs > Array.MaxLength)
        {
            throw new CheckpointException($"tensor {Tensor.Name} is larger than {Array.MaxLength} numbers");
        }

        var values = GC.AllocateUninitializedArray<byte>(inputs * outputs);
        var scales = new float[inputs / groupSize * outputs];
        var offsets = new float[scales.Length];
        Parallel.For(0, (outputs + TileRows - 1) / TileRows, tile => UnpackTile(tile * TileRows, Math.Min(TileRows, outputs - (tile * TileRows)), outputs, values, scales, offsets));
        return new QuantizedMatrix
        {
            InFeatures = inputs, OutFeatures = outputs, Bits = Tensor.Format.Bits, GroupSize = groupSize, Values = values, Scales = scales, Offsets = offsets,
        };
    }

    /// <summary>Some outputs, block by block, so that what is written lies together although outputs are innermost.</summary>
    private void UnpackTile(int first, int count, int outputs, byte[] values, float[] scales, float[] offsets)
    {
        var format = Tensor.Format;
        int size = format.BlockSize, groups = size / format.GroupSize;
        var blockValues = new byte[count * size];
        Span<float> blockScales = stackalloc float[groups], blockOffsets = stackalloc float[groups];
        for (var block = 0; block * size < Tensor.Columns; block++)
        {
            for (var n = 0; n < count; n++)
            {
                GgufBlock.Unpack(format.Type, Bytes(first + n).Slice(block * format.BlockBytes, format.BlockBytes), blockValues.AsSpan(n * size, size), blockScales, blockOffsets);
                for (var g = 0; g < groups; g++)
                {
                    var at = (((block * groups) + g) * outputs) + first + n;
                    (scales[at], offsets[at]) = (blockScales[g], blockOffsets[g]);
                }
            }

            for (var k = 0; k < size; k++)
            {
                var to = values.AsSpan((((block * size) + k) * outputs) + first, count);
                for (var n = 0; n < count; n++)
                {
                    to[n] = blockValues[(n * size) + k];
                }
            }
        }
    }

    private ReadOnlySpan<byte> Bytes(int row)
    {
        var stored = First + (HeadDim == 0 ? row : Stored(row));
        return Tensor.Memory.Span(Tensor.Offset + (stored * Tensor.RowBytes), checked((int)Tensor.RowBytes));
    }

    /// <summary>Element i of a head's first half is stored at 2i, of its second at 2i + 1.</summary>
    private int Stored(int row)
    {
        var (head, element) = Math.DivRem(row, HeadDim);
        var (half, i) = Math.DivRem(element, HeadDim / 2);
        return (head * HeadDim) + (2 * i) + half;
    }
}
