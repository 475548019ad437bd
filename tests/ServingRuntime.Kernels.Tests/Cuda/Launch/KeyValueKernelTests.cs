using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cpu.Attention;
using Octavo.ServingRuntime.Kernels.Cuda.Launch;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Launch;

[Collection(CudaCollection.Name)]
public sealed class KeyValueKernelTests(CudaLibraries libraries)
{
    public static TheoryData<DType, DType> Types
    {
        get
        {
            var data = new TheoryData<DType, DType>();
            foreach (var activations in (DType[])[DType.Float32, DType.BFloat16, DType.Float16])
            {
                foreach (var cache in (DType[])[DType.Float32, DType.BFloat16, DType.Float16, DType.Int8, DType.Float8E4M3])
                {
                    data.Add(activations, cache);
                }
            }

            return data;
        }
    }

    /// <summary>The same bytes that the CPU's cache holds, wherever each backend puts them: tokens cached on one kind of machine are those of another.</summary>
    [SkippableTheory]
    [MemberData(nameof(Types))]
    public unsafe void StoreKeyValues_RandomRows_TheBytesOfTheCpu(DType activations, DType cache)
    {
        using var bed = CudaTestBed.Open(libraries);
        using var random = new RandomTensors(7);
        foreach (var (heads, size, blockSize) in new[] { (2, 64, 16), (1, 20, 32), (3, 128, 64) })
        {
            const int blocksCount = 4, tokens = 11;
            Tensor keys = Rows(random, tokens, heads * size, activations), values = Rows(random, tokens, heads * size, activations);
            var slots = random.Permutation(blocksCount * blockSize)[..tokens];
            slots[3] = -1;
            slots[5] = blocksCount * blockSize; // one too far: found by the fake where something is written
            using var blocks = Blocks(bed, heads, size, blockSize, cache, blocksCount);
            bed.Launcher.StoreKeyValues(bed.Upload(keys, activations, strided: true), bed.Upload(values, activations), blocks, bed.Upload(random.Ints(slots)));
            byte[] storedKeys = bed.ReadBytes(Flat(blocks.Keys)), storedValues = bed.ReadBytes(Flat(blocks.Values));
            var scales = blocks.Scales is { } factors ? MemoryMarshal.Cast<byte, float>(bed.ReadBytes(Flat(factors))).ToArray() : [];
            for (var t = 0; t < tokens; t++)
            {
                if (slots[t] < 0 || slots[t] >= blocksCount * blockSize)
                {
                    continue;
                }

                var (block, offset) = Math.DivRem(slots[t], blockSize);
                for (var head = 0; head < heads; head++)
                {
                    var at = ((((block * heads) + head) * blockSize) + offset) * size * cache.Size();
                    foreach (var (which, source, stored) in new[] { (0, keys, storedKeys), (1, values, storedValues) })
                    {
                        var (bytes, scale) = Expected(source.Row<float>(t).Slice(head * size, size), cache);
                        stored.AsSpan(at, bytes.Length).ToArray().Should().Equal(bytes, $"token {t}, head {head} of {heads} x {size} in blocks of {blockSize}");
                        if (scale is { } factor)
                        {
                            scales[(((((block * 2) + which) * heads) + head) * blockSize) + offset].Should().Be(factor);
                        }
                    }
                }
            }
        }
    }

    [SkippableTheory]
    [InlineData(DType.Int8)]
    [InlineData(DType.Float8E4M3)]
    public void StoreKeyValues_RowWithNaN_ItsScaleIsNaN(DType cache)
    {
        using var bed = CudaTestBed.Open(libraries);
        using var random = new RandomTensors(7);
        Tensor keys = random.Floats(2, 32), values = random.Floats(2, 32);
        keys.Row<float>(1)[5] = float.NaN;
        values.Row<float>(0).Clear();
        using var blocks = Blocks(bed, 1, 32, 16, cache, 1);
        bed.Launcher.StoreKeyValues(bed.Upload(keys), bed.Upload(values), blocks, bed.Upload(random.Ints(0, 1)));
        var scales = MemoryMarshal.Cast<byte, float>(bed.ReadBytes(Flat(blocks.Scales!.Value))).ToArray();
        float.IsNaN(scales[1]).Should().BeTrue();
        float.IsNaN(scales[0]).Should().BeFalse();
        scales[16].Should().Be(0, "a head of zeros has the scale zero");
    }

    [SkippableFact]
    public void CopyBlocks_RandomChains_AsOneAfterAnother()
    {
        using var bed = CudaTestBed.Open(libraries);
        using var random = new RandomTensors(3);
        const int blocks = 6;
        int[] sizes = [256, 1024, 48];
        for (var round = 0; round < 6; round++)
        {
            var parts = sizes.Select(size => (Tensor: bed.Empty(new TensorShape(blocks * size), DType.Int8), Host: new byte[blocks * size])).ToList();
            foreach (var (tensor, host) in parts)
            {
                new Random(round + host.Length).NextBytes(host);
                bed.Write(host, tensor);
            }

            var copies = Enumerable.Range(0, random.Next(1, 9)).Select(_ => random.Permutation(blocks)).Select(order => new BlockCopy(order[0], order[1])).ToArray();
            Tensor bases = Longs(bed, [.. parts.Select(part => (long)part.Tensor.Memory.Address)]), bytes = Longs(bed, [.. sizes.Select(size => (long)size)]);
            var list = bed.Upload(random.Ints([.. copies.SelectMany(copy => (int[])[copy.Source, copy.Destination])]));
            var first = 0;
            foreach (var count in BlockCopyWaves.Plan(copies))
            {
                bed.Launcher.CopyBlocks(bases.Memory.Address, bytes.Memory.Address, sizes.Length, list, first, count);
                first += count;
            }

            for (var p = 0; p < parts.Count; p++)
            {
                foreach (var (source, destination) in copies)
                {
                    parts[p].Host.AsSpan(source * sizes[p], sizes[p]).CopyTo(parts[p].Host.AsSpan(destination * sizes[p]));
                }

                bed.ReadBytes(parts[p].Tensor).Should().Equal(parts[p].Host, string.Join(' ', copies));
            }
        }
    }

    private static unsafe (byte[] Bytes, float? Scale) Expected(Span<float> head, DType cache)
    {
        switch (cache)
        {
            case DType.Float32:
                return (MemoryMarshal.AsBytes(head).ToArray(), null);
            case DType.BFloat16:
                var halves = new ushort[head.Length];
                for (var i = 0; i < head.Length; i++)
                {
                    halves[i] = HostValues.ToBFloat16(head[i]);
                }

                return (MemoryMarshal.AsBytes(halves.AsSpan()).ToArray(), null);
            case DType.Float16:
                return (MemoryMarshal.AsBytes(head.ToArray().Select(value => (Half)value).ToArray().AsSpan()).ToArray(), null);
            default:
                var codes = new byte[head.Length];
                fixed (float* x = head)
                fixed (byte* to = codes)
                {
                    return (codes, KeyValueWriter.Encode(cache, x, head.Length, to));
                }
        }
    }

    private static KeyValueBlocks Blocks(CudaTestBed bed, int heads, int size, int blockSize, DType cache, int count)
    {
        var layout = new KeyValueBlockLayout(heads, size, blockSize, cache);
        var shape = new TensorShape(count, (int)layout.ElementsPerBlock);
        Tensor? scales = layout.ScalesPerBlock > 0 ? bed.Empty(new TensorShape(count, layout.ScalesPerBlock)) : null;
        return new KeyValueBlocks(bed.Empty(shape, cache), bed.Empty(shape, cache), scales, cache, count, heads, size, blockSize);
    }

    /// <summary>Magnitudes of many orders, halves of steps among them.</summary>
    private static Tensor Rows(RandomTensors random, int rows, int width, DType dtype)
    {
        var tensor = random.Floats(rows, width, 4);
        var values = tensor.AsSpan<float>();
        for (var i = 0; i < values.Length; i++)
        {
            var value = random.Next(0, 3) switch { 0 => values[i] * 1e-3f, 1 => MathF.Round(values[i] * 8) / 8, _ => values[i] };
            values[i] = dtype switch { DType.BFloat16 => HostValues.FromBFloat16(HostValues.ToBFloat16(value)), DType.Float16 => (float)(Half)value, _ => value };
        }

        tensor.Row<float>(0).Clear();
        return tensor;
    }

    private static Tensor Flat(Tensor part) => new(part.Memory, 0, new TensorShape((int)part.Shape.ElementCount), part.DType);

    private static Tensor Longs(CudaTestBed bed, long[] values)
    {
        var tensor = bed.Empty(new TensorShape(2 * values.Length), DType.Int32);
        bed.Write(MemoryMarshal.AsBytes(values.AsSpan()), tensor);
        return tensor;
    }
}
