using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Kernels.Tests.Cpu;

public sealed class CopyBlocksTests
{
    private const int Blocks = 7;

    [Theory]
    [InlineData(1, 8, 16, DType.Float32)]
    [InlineData(2, 20, 16, DType.Int8)]
    [InlineData(3, 64, 32, DType.BFloat16)]
    [InlineData(1, 80, 64, DType.Float8E4M3)]
    public void CopyBlocks_RandomCopies_AttentionReadsWhatTheReferenceReads(int kvHeads, int headDim, int blockSize, DType dtype)
    {
        using var backend = Backends.Create(Backends.InstructionSets[^1], 1);
        using var reference = new ReferenceBackend();
        using var random = new RandomTensors(headDim);
        for (var round = 0; round < 5; round++)
        {
            var content = random.Floats(Blocks * blockSize, kvHeads * headDim);
            var copies = Enumerable.Range(0, random.Next(0, 6)).Select(_ => RandomCopy(random)).ToArray();
            var query = random.Floats(1, kvHeads * headDim);
            var table = Enumerable.Range(0, 3).Select(_ => random.Next(0, Blocks - 1)).ToArray();
            var actual = Attend(backend, random, content, copies, query, table, kvHeads, headDim, blockSize, dtype);
            var expected = Attend(reference, random, content, copies, query, table, kvHeads, headDim, blockSize, dtype);
            actual.ShouldBeClose(expected, dtype == DType.Float32 ? 2e-5f : 1.5e-2f, string.Join(' ', copies));
        }
    }

    [Fact]
    public void CopyBlocks_OneAfterAnother_EveryLayerAndNoOtherBlock()
    {
        using IKernelBackend backend = new CpuBackend(1);
        using KeyValueBlocks first = backend.AllocateKeyValueBlocks(Blocks, 2, 8, 16), second = backend.AllocateKeyValueBlocks(Blocks, 2, 8, 16);
        foreach (var (tensor, offset) in new[] { (first.Keys, 0), (first.Values, 100), (second.Keys, 200), (second.Values, 300) })
        {
            for (var block = 0; block < Blocks; block++)
            {
                Block(tensor, block).Fill(offset + block);
            }
        }

        // 5 becomes 1, then 2 becomes what 5 has become, then 5 becomes 3.
        backend.CopyBlocks([first, second], [new BlockCopy(1, 5), new BlockCopy(5, 2), new BlockCopy(3, 5)]);
        foreach (var (tensor, offset) in new[] { (first.Keys, 0), (first.Values, 100), (second.Keys, 200), (second.Values, 300) })
        {
            int[] expected = [0, 1, 1, 3, 4, 3, 6];
            for (var block = 0; block < Blocks; block++)
            {
                Block(tensor, block).ToArray().Should().AllBeEquivalentTo((float)(offset + expected[block]), $"block {block}");
            }
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(-1, 2)]
    [InlineData(2, Blocks)]
    public void CopyBlocks_OutsideOrOntoItself_IsRefused(int source, int destination)
    {
        using IKernelBackend backend = new CpuBackend(1);
        using IKernelBackend reference = new ReferenceBackend();
        foreach (var one in new[] { backend, reference })
        {
            using var layer = one.AllocateKeyValueBlocks(Blocks, 1, 8, 16);
            var copy = () => one.CopyBlocks([layer], [new BlockCopy(source, destination)]);
            copy.Should().Throw<ArgumentException>();
        }
    }

    private static Span<float> Block(Tensor tensor, int block)
    {
        var size = tensor.AsSpan<float>().Length / Blocks;
        return tensor.AsSpan<float>().Slice(block * size, size);
    }

    private static BlockCopy RandomCopy(RandomTensors random)
    {
        var source = random.Next(0, Blocks - 1);
        return new BlockCopy(source, (source + random.Next(1, Blocks - 1)) % Blocks);
    }

    private static Tensor Attend(
        IKernelBackend backend, RandomTensors memory, Tensor content, BlockCopy[] copies, Tensor query, int[] table, int kvHeads, int headDim, int blockSize, DType dtype)
    {
        using var blocks = backend.AllocateKeyValueBlocks(Blocks, kvHeads, headDim, blockSize, dtype);
        backend.StoreKeyValues(content, content, blocks, memory.Ints([.. Enumerable.Range(0, Blocks * blockSize)]));
        backend.CopyBlocks([blocks], copies);
        var output = memory.Floats(1, kvHeads * headDim);
        var tables = memory.Empty(new TensorShape(1, table.Length), DType.Int32);
        table.CopyTo(tables.Row<int>(0));
        backend.PagedAttention(query, blocks, new PagedSequences(memory.Ints(0, 1), memory.Ints((table.Length * blockSize) - 3), tables), new AttentionOptions(0.3f), output);
        return output;
    }
}
