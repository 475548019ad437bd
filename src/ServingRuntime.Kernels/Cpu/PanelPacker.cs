using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// Brings matrices, stacked by rows, into panels. A panel's rows are read some inputs at a time, so that what is read and what is written stay in the first-level cache;
/// every byte of the source is read once, in order.
/// </summary>
/// <param name="halves">2: a part is the same panels of both halves; 1: of the whole.</param>
internal sealed unsafe class PanelPacker(PackedLinear weight, Tensor[] matrices, int halves)
{
    // Inputs at a time: two cache lines of two-byte numbers.
    private const int BlockInputs = 64;
    private readonly int[] ends = [.. matrices.Select((_, i) => matrices[..(i + 1)].Sum(matrix => matrix.Shape[0]))];

    /// <summary>Panels of one part.</summary>
    public void Pack(int part, int parts)
    {
        var count = weight.Panels / halves;
        var (begin, end) = PartRanges.Split(count, part, parts);
        for (var half = 0; half < halves; half++)
        {
            Panels((half * count) + begin, (half * count) + end);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Panels(int begin, int end)
    {
        var block = stackalloc byte[weight.PanelWidth * BlockInputs * sizeof(float)];
        for (var panel = begin; panel < end; panel++)
        {
            var outputs = Math.Min(weight.PanelWidth, weight.OutFeatures - (panel * weight.PanelWidth));
            for (var k = 0; k < weight.InFeatures; k += BlockInputs)
            {
                var inputs = Math.Min(BlockInputs, weight.InFeatures - k);
                var pair = weight.Panel(panel) + ((long)(k / 2) * weight.PairBytes);
                for (var n = 0; n < outputs; n++)
                {
                    Row(panel * weight.PanelWidth + n, k, inputs, block + (n * BlockInputs * weight.DType.Size()));
                }

                Transpose(block, outputs, inputs, pair);
            }
        }
    }

    /// <summary>Some inputs of one output in the type that the weight is held in; a zero after an odd number.</summary>
    private void Row(int output, int k, int inputs, byte* to)
    {
        var matrix = 0;
        while (output >= ends[matrix])
        {
            matrix++;
        }

        ref readonly var source = ref matrices[matrix];
        var row = output - (matrix == 0 ? 0 : ends[matrix - 1]);
        var first = ((long)row * weight.InFeatures) + k;
        if (source.DType == weight.DType)
        {
            var size = weight.DType.Size();
            Unsafe.CopyBlockUnaligned(to, source.Pointer<byte>() + (first * size), (uint)(inputs * size));
        }
        else
        {
            Convert(source, first, inputs, to);
        }

        if (inputs % 2 != 0)
        {
            new Span<byte>(to + (inputs * weight.DType.Size()), weight.DType.Size()).Clear();
        }
    }

    private void Convert(in Tensor source, long first, int inputs, byte* to)
    {
        var wide = stackalloc float[BlockInputs];
        var floats = new Span<float>(weight.DType == DType.Float32 ? (float*)to : wide, inputs);
        switch (source.DType)
        {
            case DType.Float32:
                new ReadOnlySpan<float>(source.Pointer<float>() + first, inputs).CopyTo(floats);
                break;
            case DType.Float16:
                TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>(source.Pointer<Half>() + first, inputs), floats);
                break;
            case DType.BFloat16:
                for (var i = 0; i < inputs; i++)
                {
                    floats[i] = HostValues.FromBFloat16(source.Pointer<ushort>()[first + i]);
                }

                break;
            default:
                for (var i = 0; i < inputs; i++)
                {
                    floats[i] = HostValues.Read(source, first + i);
                }

                break;
        }

        for (var i = 0; weight.DType == DType.BFloat16 && i < inputs; i++)
        {
            ((ushort*)to)[i] = HostValues.ToBFloat16(floats[i]);
        }

        if (weight.DType == DType.Float16)
        {
            TensorPrimitives.ConvertToHalf(floats, new Span<Half>(to, inputs));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Transpose(byte* block, int outputs, int inputs, byte* pair)
    {
        var width = weight.PanelWidth;
        if (weight.DType == DType.BFloat16)
        {
            // A pair is one word that stays whole.
            Words((uint*)block, BlockInputs / 2, outputs, (inputs + 1) / 2, (uint*)pair, width);
        }
        else if (weight.DType == DType.Float32)
        {
            Words((uint*)block, BlockInputs, outputs, inputs, (uint*)pair, width);
        }
        else
        {
            for (var n = 0; n < outputs; n++)
            {
                var from = (ushort*)block + (n * BlockInputs);
                var to = (ushort*)pair + n;
                for (var k = 0; k < inputs; k++)
                {
                    to[(nint)k * width] = from[k];
                }
            }
        }
    }

    /// <summary>to[k, n] = from[n, k]; four by four, so that loads and stores of different lines overlap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Words(uint* from, nint fromStride, int outputs, int count, uint* to, nint toStride)
    {
        var n = 0;
        for (; n + 4 <= outputs; n += 4)
        {
            uint* a = from + (n * fromStride), b = a + fromStride, c = b + fromStride, d = c + fromStride, at = to + n;
            for (var k = 0; k < count; k++, at += toStride)
            {
                *(ulong*)at = a[k] | ((ulong)b[k] << 32);
                *(ulong*)(at + 2) = c[k] | ((ulong)d[k] << 32);
            }
        }

        for (; n < outputs; n++)
        {
            for (var k = 0; k < count; k++)
            {
                to[(k * toStride) + n] = from[(n * fromStride) + k];
            }
        }
    }
}
