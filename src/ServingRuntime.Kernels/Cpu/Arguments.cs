using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>Shape checks shared by the backends: a wrong call is a bug and must not become a wild write.</summary>
internal static class Arguments
{
    /// <summary>A float32 matrix [rows, columns], dense or strided.</summary>
    public static void Matrix(in Tensor tensor, int rows, int columns, [CallerArgumentExpression(nameof(tensor))] string name = "")
    {
        if (tensor.DType != DType.Float32 || tensor.Shape.Rank != 2 || tensor.Shape[0] != rows || tensor.Shape[1] != columns)
        {
            throw new ArgumentException($"float32 [{rows}, {columns}] is needed, not {tensor.DType} {tensor.Shape}", name);
        }
    }

    /// <summary>A dense vector of at least <paramref name="least"/> elements.</summary>
    public static void Vector(in Tensor tensor, DType dtype, int least, [CallerArgumentExpression(nameof(tensor))] string name = "")
    {
        if (tensor.DType != dtype || tensor.Shape.Rank != 1 || tensor.Shape[0] < least)
        {
            throw new ArgumentException($"{dtype} [{least}] is needed, not {tensor.DType} {tensor.Shape}", name);
        }
    }

    public static void That(bool condition, [InterpolatedStringHandlerArgument(nameof(condition))] ref FailureMessage message)
    {
        if (!condition)
        {
            throw new ArgumentException(message.ToStringAndClear());
        }
    }

    /// <param name="float16">Whether the backend has blocks of float16: processors have no products of it that the kernels use.</param>
    public static void Blocks(int numBlocks, int kvHeads, int headDim, int blockSize, DType dtype, bool float16 = false)
    {
        That(float16 || dtype != DType.Float16, $"KV blocks of float16 are for CUDA; the CPU holds float32, bfloat16, int8 or float8");
        That(dtype is DType.Float32 or DType.BFloat16 or DType.Float16 or DType.Int8 or DType.Float8E4M3, $"no KV blocks of {dtype}");
        ArgumentOutOfRangeException.ThrowIfLessThan(numBlocks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(kvHeads, 1);
        That(headDim is > 0 and <= 512, $"head size {headDim} is outside of 1 to 512");
        That(blockSize is 16 or 32 or 64, $"block size {blockSize} is none of 16, 32, 64");
    }

    public static void Copies(KeyValueBlocks blocks, ReadOnlySpan<BlockCopy> copies)
    {
        foreach (var (source, destination) in copies)
        {
            That(
                (uint)source < (uint)blocks.NumBlocks && (uint)destination < (uint)blocks.NumBlocks && source != destination,
                $"a copy of block {source} to {destination} among {blocks.NumBlocks} blocks");
        }
    }

    public static void Attention(in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output)
    {
        Matrix(queries, queries.Shape[0], queries.Shape[1]);
        Matrix(output, queries.Shape[0], queries.Shape[1]);
        Sequences(queries, blocks, sequences, options);
    }

    /// <summary>All but the types of queries and output.</summary>
    public static void Sequences(in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options)
    {
        var width = queries.Shape[1];
        That(width > 0 && width % (blocks.KVHeads * blocks.HeadDim) == 0, $"queries {queries.Shape} are no multiple of {blocks.KVHeads} KV heads of {blocks.HeadDim}");
        Vector(sequences.QueryStarts, DType.Int32, sequences.Count + 1);
        Vector(sequences.SequenceLengths, DType.Int32, sequences.Count);
        That(
            sequences.BlockTables.DType == DType.Int32 && sequences.BlockTables.Shape.Rank == 2 && sequences.BlockTables.Shape[0] >= sequences.Count,
            $"block tables {sequences.BlockTables.Shape} for {sequences.Count} sequences");
        if (sequences.Groups is { } groups)
        {
            That(options.SlidingWindow == 0, $"a sliding window of {options.SlidingWindow} with tables by groups of KV heads, whose slots tell no distances");
            Vector(groups.GroupOf, DType.Int32, blocks.KVHeads);
            That(
                groups.Lengths.DType == DType.Int32 && groups.Lengths.Shape.Rank == 2 && groups.Lengths.IsDense && groups.Lengths.Shape[0] >= sequences.Count && groups.Count > 0,
                $"lengths {groups.Lengths.Shape} of groups for {sequences.Count} sequences");
            That(
                groups.Tables.DType == DType.Int32 && groups.Tables.Shape.Rank == 3 && groups.Tables.Shape[0] >= sequences.Count && groups.Tables.Shape[1] == groups.Count,
                $"tables {groups.Tables.Shape} of {groups.Count} groups for {sequences.Count} sequences");
        }
    }
}
