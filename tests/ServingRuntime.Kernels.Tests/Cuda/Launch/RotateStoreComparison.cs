using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Launch;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Launch;

/// <summary>Norms, rotation and storing at once beside the CPU's operations one after the other.</summary>
internal sealed class RotateStoreComparison(CudaTestBed bed, int seed) : IDisposable
{
    private const int BlockCount = 4, Positions = 40;
    private readonly CpuBackend cpu = new(1);
    private readonly RandomTensors random = new(seed);

    public void Dispose()
    {
        random.Dispose();
        cpu.Dispose();
    }

    public void Compare(DType dtype, DType cache)
    {
        int tokens = 1 + (seed % 3), kvHeads = random.Next(1, 2), heads = kvHeads * random.Next(1, 3), size = random.Pick(16, 20, 64, 80, 128, 256), blockSize = random.Pick(16, 32);
        int rotary = random.Pick(size, size / 2), all = heads + (2 * kvHeads), slotCount = BlockCount * blockSize;
        var interleaved = seed % 4 > 1;
        var projected = RandomTensors.Rounded(random.Floats(tokens, all * size, 3), dtype);
        HeadNorms? norms = seed % 2 == 1 ? new HeadNorms(random.Vector(size), random.Vector(size), 1e-6f) : null;
        var table = new RotaryTable(random.Floats(Positions, rotary), interleaved);
        var positions = random.Ints([.. Enumerable.Range(0, tokens).Select(_ => random.Next(0, Positions - 1))]);
        var slots = random.Permutation(slotCount)[..tokens];
        if (tokens > 2)
        {
            slots[1] = -1;
            slots[2] = slotCount; // one too far: found by the fake where something is written
        }

        var onDevice = bed.Upload(projected, dtype, strided: random.Next(0, 1) == 1);
        using var blocks = Blocks(kvHeads, size, blockSize, cache);
        HeadNorms? normsOnDevice = norms is { } given ? new HeadNorms(bed.Upload(given.Query), bed.Upload(given.Key), given.Epsilon) : null;
        bed.Launcher.RotateAndStore(onDevice, normsOnDevice, bed.Upload(positions), new RotaryTable(bed.Upload(table.CosSin), interleaved), blocks, bed.Upload(random.Ints(slots)));

        // The keys and values of the CPU's operations stay where they were; what they store does not matter here.
        using var elsewhere = cpu.AllocateKeyValueBlocks(1, kvHeads, size, 16, DType.Float32);
        ((IKernelBackend)cpu).RotateAndStore(projected, norms, positions, table, elsewhere, random.Ints([.. Enumerable.Range(0, tokens)]));
        var because = $"{tokens} tokens of {heads} + {kvHeads} heads of {size}, {rotary} rotated, interleaved {interleaved}, norms {norms is not null}, {dtype} in {cache}, seed {seed}";
        var queries = bed.Read(onDevice.Columns(0, heads * size));
        for (var i = 0; i < queries.Length; i++)
        {
            Near(queries[i], projected.Row<float>(i / (heads * size))[i % (heads * size)], Step(dtype), because);
        }

        for (var t = 0; t < tokens; t++)
        {
            for (var head = 0; head < kvHeads && slots[t] >= 0 && slots[t] < slotCount; head++)
            {
                Stored(blocks, 0, slots[t], head, projected.Row<float>(t).Slice((heads + head) * size, size), because);
                Stored(blocks, 1, slots[t], head, projected.Row<float>(t).Slice((heads + kvHeads + head) * size, size), because);
            }
        }
    }

    /// <param name="which">0: keys, 1: values.</param>
    private void Stored(KeyValueBlocks blocks, int which, int slot, int head, ReadOnlySpan<float> expected, string because)
    {
        var (block, offset) = Math.DivRem(slot, blocks.BlockSize);
        int size = blocks.HeadDim, place = (((block * blocks.KVHeads) + head) * blocks.BlockSize) + offset;
        var part = which == 0 ? blocks.Keys : blocks.Values;
        var bytes = bed.ReadBytes(new Tensor(part.Memory, (long)place * size * part.DType.Size(), new TensorShape(size), part.DType));
        float scale = 1, largest = 0;
        if (blocks.Scales is { } scales)
        {
            var at = (((((block * 2) + which) * blocks.KVHeads) + head) * blocks.BlockSize) + offset;
            scale = MemoryMarshal.Cast<byte, float>(bed.ReadBytes(new Tensor(scales.Memory, at * sizeof(float), new TensorShape(1), DType.Float32)))[0];
            largest = expected.ToArray().Max(Math.Abs);
            Near(scale * (blocks.DType == DType.Int8 ? 127 : 448), largest, 1e-5f, "its scale: " + because);
        }

        for (var i = 0; i < size; i++)
        {
            var value = scale * blocks.DType switch
            {
                DType.Float32 => MemoryMarshal.Cast<byte, float>(bytes)[i],
                DType.BFloat16 => HostValues.FromBFloat16(MemoryMarshal.Cast<byte, ushort>(bytes)[i]),
                DType.Float16 => (float)MemoryMarshal.Cast<byte, Half>(bytes)[i],
                DType.Int8 => (sbyte)bytes[i],
                _ => Float8.FromE4M3(bytes[i]),
            };

            // Half a step of whole numbers, or of three bits of mantissa.
            var tolerance = blocks.DType switch { DType.Int8 => largest * 0.501f / 127, DType.Float8E4M3 => (Math.Abs(expected[i]) * 0.0626f) + (largest * 1e-5f), var plain => Step(plain) * Math.Max(1, Math.Abs(expected[i])) };
            if (!(Math.Abs(value - expected[i]) <= tolerance + 1e-6f))
            {
                value.Should().BeApproximately(expected[i], tolerance, $"element {i} of {(which == 0 ? "keys" : "values")} in slot {slot}, head {head}: {because}");
            }
        }
    }

    private KeyValueBlocks Blocks(int kvHeads, int size, int blockSize, DType cache)
    {
        var layout = new KeyValueBlockLayout(kvHeads, size, blockSize, cache);
        var shape = new TensorShape(BlockCount, (int)layout.ElementsPerBlock);
        Tensor? scales = cache.Size() == 1 ? bed.Empty(new TensorShape(BlockCount, layout.ScalesPerBlock)) : null;
        return new KeyValueBlocks(bed.Empty(shape, cache), bed.Empty(shape, cache), scales, cache, BlockCount, kvHeads, size, blockSize);
    }

    private static float Step(DType dtype) => dtype switch { DType.Float32 => 4e-6f, DType.BFloat16 => 1f / 256, _ => 1f / 2048 };

    private static void Near(float actual, float expected, float relative, string because)
    {
        if (!(Math.Abs(actual - expected) <= relative * 1.01f * Math.Max(1, Math.Abs(expected))))
        {
            actual.Should().BeApproximately(expected, relative, because);
        }
    }
}
