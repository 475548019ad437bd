using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Kernels.Tests.Cpu;

public sealed class KeyValueBlocksTests
{
    [Theory]
    [InlineData(DType.Float32, 2 * 2 * 64 * 16 * 4)]
    [InlineData(DType.BFloat16, 2 * 2 * 64 * 16 * 2)]
    [InlineData(DType.Int8, 2 * 2 * 16 * (64 + 4))]
    [InlineData(DType.Float8E4M3, 2 * 2 * 16 * (64 + 4))]
    public void KeyValueBlockBytes_EachType_WhatABlockTakes(DType dtype, long expected)
    {
        using var backend = new CpuBackend(1);
        backend.KeyValueBlockBytes(2, 64, 16, dtype).Should().Be(expected);
        foreach (var (headDim, blockSize) in new[] { (64, 16), (20, 32), (7, 64), (512, 16) })
        {
            using var blocks = backend.AllocateKeyValueBlocks(5, 3, headDim, blockSize, dtype);
            (blocks.Parts.Sum(part => part.Shape.ElementCount * part.DType.Size()) / 5).Should().Be(backend.KeyValueBlockBytes(3, headDim, blockSize, dtype));
        }
    }

    [Theory]
    [InlineData(DType.Float16)]
    [InlineData(DType.Float8E5M2)]
    public void AllocateKeyValueBlocks_TypeWithoutKernels_IsRefused(DType dtype)
    {
        using var backend = new CpuBackend(1);
        var allocate = () => backend.AllocateKeyValueBlocks(1, 1, 8, 16, dtype);
        allocate.Should().Throw<ArgumentException>().WithMessage($"*{dtype}*");
    }

    /// <summary>An eight-bit cache stores a token's bytes by its own row alone.</summary>
    [Fact]
    public void StoreKeyValues_AloneOrAmongOthers_SameBytes()
    {
        using var random = new RandomTensors(3);
        Tensor keys = random.Floats(9, 2 * 20, 50f), values = random.Floats(9, 2 * 20);
        foreach (var dtype in new[] { DType.BFloat16, DType.Int8, DType.Float8E4M3 })
        {
            using var backend = new CpuBackend(3);
            using KeyValueBlocks together = backend.AllocateKeyValueBlocks(2, 2, 20, 16, dtype), alone = backend.AllocateKeyValueBlocks(2, 2, 20, 16, dtype);
            int[] slots = [3, 17, 4, 31, 0, 16, 9, 8, 30];
            backend.StoreKeyValues(keys, values, together, random.Ints(slots));
            for (var t = 8; t >= 0; t--)
            {
                backend.StoreKeyValues(keys.Rows(t, 1), values.Rows(t, 1), alone, random.Ints(slots[t]));
            }

            foreach (var (left, right) in together.Parts.Zip(alone.Parts))
            {
                left.ToNumbers().Should().Equal(right.ToNumbers(), $"{dtype}");
            }
        }
    }
}

file static class Parts
{
    public static int[] ToNumbers(this Tensor part) => part.DType.Size() switch
    {
        1 => [.. part.AsSpan<byte>().ToArray().Select(value => (int)value)],
        2 => [.. part.AsSpan<ushort>().ToArray().Select(value => (int)value)],
        _ => [.. part.AsSpan<int>()],
    };
}
