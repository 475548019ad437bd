using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <content>Movement of rows and blocks: bound by memory, so done on the calling thread.</content>
public sealed unsafe partial class CpuBackend
{
    public void Embedding(in Tensor table, in Tensor ids, in Tensor output)
    {
        Arguments.Vector(ids, DType.Int32, output.Shape[0]);
        Arguments.Matrix(output, output.Shape[0], table.Shape[1]);
        var width = table.Shape[1];
        for (var t = 0; t < output.Shape[0]; t++)
        {
            var id = ids.Pointer<int>()[t];
            Arguments.That((uint)id < (uint)table.Shape[0], $"token {id} is outside of a table of {table.Shape[0]}");
            var to = output.Pointer<float>() + ((nint)t * output.RowStride);
            if (table.DType == DType.BFloat16)
            {
                kernels.WidenBFloat16(table.Pointer<ushort>() + ((nint)id * table.RowStride), width, to);
            }
            else
            {
                for (var i = 0; i < width; i++)
                {
                    to[i] = HostValues.Read(table, ((long)id * table.RowStride) + i);
                }
            }
        }
    }

    public void Copy(in Tensor source, in Tensor destination)
    {
        Arguments.Matrix(destination, source.Shape[0], source.Shape[1]);
        for (var t = 0; t < source.Shape[0]; t++)
        {
            source.Row<float>(t).CopyTo(destination.Row<float>(t));
        }
    }

    /// <summary>x with its columns in another order, in memory that the next call reuses.</summary>
    private Tensor Reorder(in Tensor x, int[] order)
    {
        var bytes = checked((long)x.Shape[0] * order.Length * sizeof(float));
        if (reordered is null || reordered.Bytes < bytes)
        {
            reordered?.Dispose();
            reordered = new CpuMemory(bytes);
        }

        var result = new Tensor(reordered, 0, new TensorShape(x.Shape[0], order.Length), DType.Float32);
        for (var t = 0; t < x.Shape[0]; t++)
        {
            Span<float> from = x.Row<float>(t), to = result.Row<float>(t);
            for (var i = 0; i < order.Length; i++)
            {
                to[i] = from[order[i]];
            }
        }

        return result;
    }

    public void Fill(in Tensor x, float value)
    {
        for (var t = 0; t < x.Shape[0]; t++)
        {
            x.Row<float>(t).Fill(value);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void StoreKeyValues(in Tensor keys, in Tensor values, KeyValueBlocks blocks, in Tensor slots)
    {
        int width = blocks.KVHeads * blocks.HeadDim, size = blocks.BlockSize;
        Arguments.Matrix(keys, keys.Shape[0], width);
        Arguments.Matrix(values, keys.Shape[0], width);
        Arguments.Vector(slots, DType.Int32, keys.Shape[0]);
        float* keyCache = blocks.Keys.Pointer<float>(), valueCache = blocks.Values.Pointer<float>();
        for (var t = 0; t < keys.Shape[0]; t++)
        {
            var slot = slots.Pointer<int>()[t];
            Arguments.That((uint)slot < (long)blocks.NumBlocks * size, $"slot {slot} is outside of {blocks.NumBlocks} blocks");
            float* key = keys.Pointer<float>() + ((nint)t * keys.RowStride), value = values.Pointer<float>() + ((nint)t * values.RowStride);
            var block = (nint)(slot / size) * width * size;
            var offset = slot % size;
            var valueWidth = blocks.Values.Shape[3];
            for (var i = 0; i < width; i++)
            {
                keyCache[block + ((nint)i * size) + offset] = key[i];
            }

            for (var head = 0; head < blocks.KVHeads; head++)
            {
                var to = valueCache + (((((nint)(slot / size) * blocks.KVHeads) + head) * size) + offset) * valueWidth;
                new ReadOnlySpan<float>(value + (head * blocks.HeadDim), blocks.HeadDim).CopyTo(new Span<float>(to, blocks.HeadDim));
            }
        }
    }

    public void CopyBlocks(IReadOnlyList<KeyValueBlocks> layers, ReadOnlySpan<BlockCopy> copies)
    {
        for (var i = 0; i < layers.Count; i++)
        {
            var layer = layers[i];
            Arguments.Copies(layer, copies);
            var keyBytes = layer.Keys.Shape.ElementCount / layer.NumBlocks * sizeof(float);
            var valueBytes = layer.Values.Shape.ElementCount / layer.NumBlocks * sizeof(float);
            byte* keys = (byte*)layer.Keys.Pointer<float>(), values = (byte*)layer.Values.Pointer<float>();
            foreach (var (source, destination) in copies)
            {
                Buffer.MemoryCopy(keys + (source * keyBytes), keys + (destination * keyBytes), keyBytes, keyBytes);
                Buffer.MemoryCopy(values + (source * valueBytes), values + (destination * valueBytes), valueBytes, valueBytes);
            }
        }
    }

    public void GatherRows(in Tensor x, in Tensor rows, in Tensor output)
    {
        Arguments.Matrix(output, output.Shape[0], x.Shape[1]);
        Arguments.Vector(rows, DType.Int32, output.Shape[0]);
        for (var r = 0; r < output.Shape[0]; r++)
        {
            x.Row<float>(rows.Pointer<int>()[r]).CopyTo(output.Row<float>(r));
        }
    }

    public void ScatterAddRows(in Tensor x, in Tensor rows, in Tensor weights, in Tensor output)
    {
        Arguments.Matrix(x, x.Shape[0], output.Shape[1]);
        Arguments.Vector(rows, DType.Int32, x.Shape[0]);
        Arguments.Vector(weights, DType.Float32, x.Shape[0]);
        for (var r = 0; r < x.Shape[0]; r++)
        {
            var to = output.Row<float>(rows.Pointer<int>()[r]);
            TensorPrimitives.MultiplyAdd(x.Row<float>(r), weights.Pointer<float>()[r], to, to);
        }
    }
}
