using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Kernels.Tests.Cpu;

public sealed class PagedAttentionTests
{
    [Theory]
    [MemberData(nameof(Backends.All), MemberType = typeof(Backends))]
    public void PagedAttention_RandomSequences_EqualsReference(string instructions, int threads)
    {
        using var backend = Backends.Create(instructions, threads);
        using var reference = new ReferenceBackend();
        using var random = new RandomTensors(5);
        for (var round = 0; round < 12; round++)
        {
            var shape = new Shape(random.Pick(1, 2, 3), random.Pick(1, 2, 5), random.Pick(2, 8, 16, 20, 48, 64, 80, 128), random.Pick(16, 32, 64), random.Pick(0, 0, 1, 30, 64, 90), random.Pick(0f, 4f), random.Pick(Types));
            var lengths = Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(1, 150)).ToArray();
            var queries = lengths.Select(length => random.Next(1, length)).ToArray();
            var tokens = new Tokens(random, shape, lengths);

            var actual = tokens.Attend(backend, random, queries, scatter: round + 1);
            var expected = tokens.Attend(reference, random, queries, scatter: 100 + round);

            actual.ShouldBeClose(expected, Tolerance(instructions, shape.DType), $"{shape}, lengths {string.Join(' ', lengths)}, queries {string.Join(' ', queries)}");
        }
    }

    [Theory]
    [MemberData(nameof(Backends.All), MemberType = typeof(Backends))]
    public void PagedAttention_AnyChunkingAnyBlocksAnyCompany_SameBits(string instructions, int threads)
    {
        using var backend = Backends.Create(instructions, threads);
        using var random = new RandomTensors(6);
        foreach (var (blockSize, dtype) in new[] { (16, DType.Float32), (64, DType.Float32), (16, DType.BFloat16), (64, DType.BFloat16), (32, DType.Int8), (64, DType.Float8E4M3) })
        {
            int[] lengths = [131, 70];
            var tokens = new Tokens(random, new Shape(2, 2, 64, blockSize, blockSize == 64 ? 40 : 0, blockSize == 64 ? 5f : 0, dtype), lengths);
            var whole = tokens.Attend(backend, random, lengths, scatter: 1);
            foreach (var last in new[] { 1, 2, 17, 70 })
            {
                var chunk = tokens.Attend(backend, random, [last, 1], scatter: last + 10);
                chunk.Rows(0, last).ShouldBeSameBits(whole.Rows(131 - last, last), $"the last {last} queries of the first sequence");
                chunk.Rows(last, 1).ShouldBeSameBits(whole.Rows(200, 1), "the second sequence's last query");
            }
        }
    }

    /// <summary>Keys of several ranges: alone, where threads share a sequence's ranges, and in company, where each takes whole queries.</summary>
    [Theory]
    [InlineData(DType.Float32, 0)]
    [InlineData(DType.BFloat16, 0)]
    [InlineData(DType.Int8, 700)]
    [InlineData(DType.Float8E4M3, 0)]
    public void PagedAttention_LongSequence_EqualsReferenceAndSameBitsForAnyThreadsChunkingAndCompany(DType dtype, int window)
    {
        using var random = new RandomTensors(12);
        int[] lengths = [1500, 640, .. Enumerable.Repeat(20, 30)], ones = [.. lengths.Select(_ => 1)];
        var tokens = new Tokens(random, new Shape(1, 5, 32, 16, window, 0, dtype), lengths);
        var alone = new Tokens(tokens, 1);
        using var one = Backends.Create(Backends.InstructionSets[^1], 1);
        using var reference = new ReferenceBackend();
        var expected = alone.Attend(one, random, [3], scatter: 1);
        expected.ShouldBeClose(alone.Attend(reference, random, [3], scatter: 2), Tolerance(Backends.InstructionSets[^1], dtype));
        foreach (var threads in new[] { 2, 3, 7 })
        {
            using var backend = Backends.Create(Backends.InstructionSets[^1], threads);
            alone.Attend(backend, random, [3], scatter: threads).ShouldBeSameBits(expected, $"{threads} threads");
            alone.Attend(backend, random, [200], scatter: threads).Rows(197, 3).ShouldBeSameBits(expected, $"{threads} threads, 200 queries");
            tokens.Attend(backend, random, ones, scatter: threads).Rows(0, 1).ShouldBeSameBits(expected.Rows(2, 1), $"{threads} threads, in company");
        }
    }

    [Fact]
    public void PagedAttention_EveryWidthAndBlockSize_SameBits()
    {
        var results = new List<int[]>();
        foreach (var instructions in Backends.InstructionSets)
        {
            foreach (var blockSize in new[] { 16, 32, 64 })
            {
                using var backend = Backends.Create(instructions, 2);
                using var random = new RandomTensors(7);
                results.Add(new Tokens(random, new Shape(1, 3, 48, blockSize), [100, 9]).Attend(backend, random, [40, 9], scatter: blockSize).Bits());
            }
        }

        results.ForEach(bits => bits.ShouldBeSameBits(results[0]));
    }

    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.BFloat16)]
    [InlineData(DType.Int8)]
    [InlineData(DType.Float8E4M3)]
    public void PagedAttention_GarbageInUnusedSlots_DoesNotMatter(DType dtype)
    {
        using var backend = Backends.Create("Avx512", 1);
        using var random = new RandomTensors(8);
        var tokens = new Tokens(random, new Shape(1, 2, 32, 16, DType: dtype), [21]);
        tokens.Attend(backend, random, [21], scatter: 3, fill: 0xFF).ShouldBeSameBits(tokens.Attend(backend, random, [21], scatter: 3));
    }

    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Int8)]
    [InlineData(DType.Float8E4M3)]
    public void PagedAttention_NoNumberAmongTheKeys_IsSeenInTheOutput(DType dtype)
    {
        using var backend = Backends.Create(Backends.InstructionSets[^1], 1);
        using var random = new RandomTensors(13);
        var tokens = new Tokens(random, new Shape(1, 1, 32, 16, DType: dtype), [600]);
        tokens.Key(0).Row<float>(3)[1] = float.NaN;
        tokens.Attend(backend, random, [1], scatter: 3).Row<float>(0)[0].Should().Be(float.NaN);
    }

    /// <summary>Tiles round queries and weights to bfloat16.</summary>
    private static float Tolerance(string instructions, DType dtype) =>
        dtype != DType.Float32 && Enum.Parse<CpuInstructionSet>(instructions).HasTiles() ? 1.5e-2f : 2e-5f;

    private static DType[] Types => [DType.Float32, DType.BFloat16, DType.Int8, DType.Float8E4M3];

    private sealed record Shape(int KVHeads, int Group, int HeadDim, int BlockSize, int Window = 0, float SoftCap = 0, DType DType = DType.Float32);

    /// <summary>Keys, values and queries of some sequences, to be put into blocks in any order.</summary>
    private sealed class Tokens
    {
        private readonly Shape shape;
        private readonly int[] lengths;
        private readonly Tensor[] keys;
        private readonly Tensor[] values;
        private readonly Tensor[] queries;

        public Tokens(RandomTensors random, Shape shape, int[] lengths)
        {
            (this.shape, this.lengths) = (shape, lengths);
            keys = [.. lengths.Select(length => random.Floats(length, shape.KVHeads * shape.HeadDim))];
            values = [.. lengths.Select(length => random.Floats(length, shape.KVHeads * shape.HeadDim))];
            queries = [.. lengths.Select(length => random.Floats(length, shape.KVHeads * shape.Group * shape.HeadDim, 3f))];
        }

        /// <summary>The first sequences of another.</summary>
        public Tokens(Tokens all, int count) => (shape, lengths, keys, values, queries) = (all.shape, all.lengths[..count], all.keys[..count], all.values[..count], all.queries[..count]);

        public Tensor Key(int sequence) => keys[sequence];

        /// <summary>Outputs of the last queryCounts[s] queries of each sequence. The seed decides which blocks are used.</summary>
        public Tensor Attend(IKernelBackend backend, RandomTensors memory, int[] queryCounts, int scatter, byte fill = 0)
        {
            var needed = lengths.Select(length => (length + shape.BlockSize - 1) / shape.BlockSize).ToArray();
            var blockIds = Enumerable.Range(1, needed.Sum() + 3).ToArray();
            new Random(scatter).Shuffle(blockIds);
            using var blocks = backend.AllocateKeyValueBlocks(blockIds.Length + 1, shape.KVHeads, shape.HeadDim, shape.BlockSize, shape.DType);
            foreach (var part in blocks.Parts)
            {
                Bytes(part).Fill(fill);
            }

            var tables = memory.Empty(new TensorShape(lengths.Length, needed.Max() + 1), DType.Int32);
            var width = shape.KVHeads * shape.Group * shape.HeadDim;
            Tensor query = memory.Empty(new TensorShape(queryCounts.Sum(), width)), output = memory.Strided(memory.Floats(queryCounts.Sum(), width));
            int taken = 0, row = 0;
            var starts = new List<int> { 0 };
            for (var s = 0; s < lengths.Length; s++)
            {
                blockIds.AsSpan(taken, needed[s]).CopyTo(tables.Row<int>(s));
                taken += needed[s];
                var table = tables.Row<int>(s).ToArray();
                var slots = Enumerable.Range(0, lengths[s]).Select(i => (table[i / shape.BlockSize] * shape.BlockSize) + (i % shape.BlockSize)).ToArray();
                backend.StoreKeyValues(memory.Strided(keys[s]), values[s], blocks, memory.Ints(slots));
                for (var i = lengths[s] - queryCounts[s]; i < lengths[s]; i++)
                {
                    queries[s].Row<float>(i).CopyTo(query.Row<float>(row++));
                }

                starts.Add(row);
            }

            backend.PagedAttention(
                memory.Strided(query), blocks, new PagedSequences(memory.Ints([.. starts]), memory.Ints(lengths), tables),
                new AttentionOptions(1f / MathF.Sqrt(shape.HeadDim), shape.Window, shape.SoftCap), output);
            return output;
        }

        private static Span<byte> Bytes(Tensor part) => part.DType.Size() switch
        {
            1 => part.AsSpan<byte>(),
            2 => MemoryMarshal.AsBytes(part.AsSpan<ushort>()),
            _ => MemoryMarshal.AsBytes(part.AsSpan<float>()),
        };
    }
}
