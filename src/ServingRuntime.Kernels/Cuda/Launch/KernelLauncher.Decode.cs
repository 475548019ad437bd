using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;

namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <content>Attention of few queries, on tensor cores.</content>
internal sealed partial class KernelLauncher
{
    private const string CombineSource = "attention_combine.cu";
    private const int DecodeWarps = 4, DecodeRows = 16, DecodeTile = 16;

    /// <summary>Source and kernel.</summary>
    private static readonly Dictionary<(int HeadDim, DType DType), (string Source, string Kernel)> DecodeNames = (
        from size in (int[])[64, 96, 128, 256]
        from type in ((DType, string)[])[(DType.BFloat16, "bf16"), (DType.Float16, "f16"), (DType.Int8, "i8"), (DType.Float8E4M3, "f8")]
        select ((size, type.Item1), ($"attention_decode_{type.Item2}_{size}.cu", $"octavo_attention_decode_{type.Item2}_{size}"))).ToDictionary(item => item.Item1, item => item.Item2);

    private readonly Dictionary<string, int> decodeBlocks = new(StringComparer.Ordinal);

    /// <summary>Whether <see cref="DecodeAttention"/> takes such blocks: heads of 64, 96, 128 or 256, keys and values of bfloat16, float16, int8 or float8.</summary>
    public static bool HasDecodeAttention(int headDim, DType dtype) => DecodeNames.ContainsKey((headDim, dtype));

    /// <summary>
    /// Attention of sequences of no more than <see cref="AttentionSplits.MaxQueries"/> queries; rows of others are not written. Queries and output are float32, bfloat16 or float16; products take
    /// queries and weights in the blocks' type, or bfloat16 where that is of eight bits. Rows behind the last sequence become zero.
    /// </summary>
    /// <param name="partials">Device memory for results that are to be merged. Its size bounds how many sequences go into one launch.</param>
    /// <param name="logSums">float32 [T, heads]: the natural logarithm of each row's sum of exponentials; null: none.</param>
    /// <param name="splits">Null: <see cref="AttentionSplits.For"/>.</param>
    public void DecodeAttention(
        in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output, TensorMemory partials, in Tensor? logSums = null, AttentionSplits? splits = null)
    {
        Span<KernelArgument> arguments = stackalloc KernelArgument[AttentionArguments + 8];
        var heads = CommonAttention(arguments, queries, blocks, sequences, options, output, logSums);
        int rows = queries.Shape[0], size = blocks.HeadDim;
        Arguments.That(DecodeNames.TryGetValue((size, blocks.DType), out var names), $"no kernel decodes heads of {size} in {blocks.DType}");
        RequirePositiveScale(options);
        var cut = splits ?? AttentionSplits.For(heads, blocks.KVHeads, size, partials.Bytes);
        var atMost = Math.Min(AttentionSplits.MaxQueries, MaxQueries(queries, sequences));
        var room = cut.Room(MaxLength(blocks, sequences), options.SlidingWindow);
        var each = room > 1 ? atMost * room * AttentionSplits.RowBytes(heads, size) : 0;
        Arguments.That(each <= partials.Bytes, $"{partials.Bytes} bytes for partial results of {each} bytes a sequence");
        var together = (int)Math.Min(AttentionSplits.MaxSequences, each > 0 ? partials.Bytes / each : int.MaxValue);

        var kernel = kernels[names.Source, names.Kernel];
        var shared = DecodeShared(size, blocks.DType);
        if (!decodeBlocks.TryGetValue(names.Kernel, out var resident))
        {
            resident = kernel.ResidentBlocks(32 * DecodeWarps, shared) * kernels.Device.Multiprocessors;
            decodeBlocks.Add(names.Kernel, resident);
        }

        var tiles = ((atMost * (heads / blocks.KVHeads)) + DecodeRows - 1) / DecodeRows;
        for (var first = 0; first < sequences.Count; first += together)
        {
            var count = Math.Min(together, sequences.Count - first);
            arguments[22] = first;
            arguments[23] = count;
            arguments[24] = atMost;
            arguments[25] = cut.LeastTokens;
            arguments[26] = cut.MostSplits;
            arguments[27] = room;
            arguments[28] = partials.Address;
            arguments[29] = rows;
            kernel.Launch(stream, new LaunchGrid(Math.Min((long)count * blocks.KVHeads * tiles * room, resident)), 32 * DecodeWarps, arguments, shared);
            if (room > 1)
            {
                kernels[CombineSource, "octavo_attention_combine"].Launch(
                    stream,
                    new LaunchGrid(Parts((long)count * atMost * heads, WarpsPerBlock)),
                    32 * WarpsPerBlock,
                    [
                        arguments[2], arguments[3], arguments[4], arguments[8], arguments[9], arguments[10], arguments[11], arguments[12], arguments[13], arguments[14], arguments[15], arguments[16],
                        arguments[19], arguments[21], arguments[22], arguments[23], arguments[24], arguments[25], arguments[26], arguments[27], arguments[28], size,
                    ]);
            }
        }
    }

    /// <summary>A bound of any sequence's queries.</summary>
    public static int MaxQueries(in Tensor queries, in PagedSequences sequences) => Math.Max(1, sequences.MaxQueryLength > 0 ? sequences.MaxQueryLength : queries.Shape[0]);

    /// <summary>A bound of any sequence's length.</summary>
    private static int MaxLength(KeyValueBlocks blocks, in PagedSequences sequences)
    {
        var width = sequences.Groups is { } groups ? groups.Tables.Shape[2] : sequences.BlockTables.Shape[1];
        var room = (int)Math.Min((long)width * blocks.BlockSize, int.MaxValue);
        return Math.Max(1, sequences.MaxSequenceLength > 0 ? Math.Min(sequences.MaxSequenceLength, room) : room);
    }

    /// <summary>Dynamic shared memory of a block: DecodeMemory in attention_stream.cuh.</summary>
    private static int DecodeShared(int headDim, DType dtype)
    {
        var codes = dtype.Size() == 1;
        var entry = DecodeTile * ((headDim * dtype.Size()) + (codes ? sizeof(float) : 0));
        var ring = (codes, headDim) switch { (true, > 128) => 4, (true, > 96) => 6, (true, _) => 8, (_, > 128) => 2, (_, > 96) => 4, (_, > 64) => 5, _ => 6 };
        var results = DecodeWarps * DecodeRows * (headDim + 8 + 2) * sizeof(float);
        return Math.Max((DecodeWarps * ring * entry) + (DecodeRows * headDim * sizeof(ushort)), results);
    }
}
