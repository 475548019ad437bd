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
            var shape = new Shape(random.Pick(1, 2, 3), random.Pick(1, 2, 5), random.Pick(2, 8, 16, 20, 48, 64, 80, 128), random.Pick(16, 32, 64), random.Pick(0, 0, 1, 30, 64, 90), random.Pick(0f, 4f));
            var lengths = Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(1, 150)).ToArray();
            var queries = lengths.Select(length => random.Next(1, length)).ToArray();
            var tokens = new Tokens(random, shape, lengths);

            var actual = tokens.Attend(backend, random, queries, scatter: round + 1);
            var expected = tokens.Attend(reference, random, queries, scatter: 100 + round);

            actual.ShouldBeClose(expected, 2e-5f, $"{shape}, lengths {string.Join(' ', lengths)}, queries {string.Join(' ', queries)}");
        }
    }

    [Theory]
    [MemberData(nameof(Backends.All), MemberType = typeof(Backends))]
    public void PagedAttention_AnyChunkingAnyBlocksAnyCompany_SameBits(string instructions, int threads)
    {
        using var backend = Backends.Create(instructions, threads);
        using var random = new RandomTensors(6);
        foreach (var blockSize in new[] { 16, 64 })
        {
            int[] lengths = [131, 70];
            var tokens = new Tokens(random, new Shape(2, 2, 64, blockSize, blockSize == 64 ? 40 : 0, blockSize == 64 ? 5f : 0), lengths);
            var whole = tokens.Attend(backend, random, lengths, scatter: 1);
            foreach (var last in new[] { 1, 2, 17, 70 })
            {
                var chunk = tokens.Attend(backend, random, [last, 1], scatter: last + 10);
                chunk.Rows(0, last).ShouldBeSameBits(whole.Rows(131 - last, last), $"the last {last} queries of the first sequence");
                chunk.Rows(last, 1).ShouldBeSameBits(whole.Rows(200, 1), "the second sequence's last query");
            }
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

    [Fact]
    public void PagedAttention_GarbageInUnusedSlots_DoesNotMatter()
    {
        using var backend = Backends.Create("Avx512", 1);
        using var random = new RandomTensors(8);
        var tokens = new Tokens(random, new Shape(1, 2, 32, 16), [21]);
        tokens.Attend(backend, random, [21], scatter: 3, fill: float.NaN).ShouldBeSameBits(tokens.Attend(backend, random, [21], scatter: 3));
    }

    private sealed record Shape(int KVHeads, int Group, int HeadDim, int BlockSize, int Window = 0, float SoftCap = 0);

    /// <summary>Keys, values and queries of some sequences, to be put into blocks in any order.</summary>
    private sealed class Tokens(RandomTensors random, Shape shape, int[] lengths)
    {
        private readonly Tensor[] keys = [.. lengths.Select(length => random.Floats(length, shape.KVHeads * shape.HeadDim))];
        private readonly Tensor[] values = [.. lengths.Select(length => random.Floats(length, shape.KVHeads * shape.HeadDim))];
        private readonly Tensor[] queries = [.. lengths.Select(length => random.Floats(length, shape.KVHeads * shape.Group * shape.HeadDim, 3f))];

        /// <summary>Outputs of the last queryCounts[s] queries of each sequence. The seed decides which blocks are used.</summary>
        public Tensor Attend(IKernelBackend backend, RandomTensors memory, int[] queryCounts, int scatter, float fill = 0f)
        {
            var needed = lengths.Select(length => (length + shape.BlockSize - 1) / shape.BlockSize).ToArray();
            var blockIds = Enumerable.Range(1, needed.Sum() + 3).ToArray();
            new Random(scatter).Shuffle(blockIds);
            using var blocks = backend.AllocateKeyValueBlocks(blockIds.Length + 1, shape.KVHeads, shape.HeadDim, shape.BlockSize);
            blocks.Keys.AsSpan<float>().Fill(fill);
            blocks.Values.AsSpan<float>().Fill(fill);
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
    }
}
