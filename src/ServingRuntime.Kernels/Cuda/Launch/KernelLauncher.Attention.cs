using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;

namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <content>Attention, as far as all its kernels are alike, and the general one.</content>
internal sealed partial class KernelLauncher
{
    private const string GeneralAttentionSource = "attention_general.cu";

    // What every kernel of attention takes first: OCTAVO_SEQUENCES_PARAMETERS among them.
    private const int AttentionArguments = 22, GeneralWarps = 4, GeneralSmallHead = 128;

    /// <summary>Compiles and loads what attention over such blocks needs, so that no request waits for it.</summary>
    public void PrepareAttention(int headDim, DType dtype)
    {
        string[] decode = DecodeNames.TryGetValue((headDim, dtype), out var names) ? [CombineSource, names.Source] : [];
        kernels.LoadAll([GeneralAttentionSource, .. decode, .. PrefillSource(headDim, dtype)]);
    }

    /// <summary>Attention of every head size and type, in float32. Queries and output are float32, bfloat16 or float16, both alike.</summary>
    /// <param name="moreThan">Sequences of no more queries than that are left to another kernel: their rows are not written.</param>
    /// <param name="logSums">float32 [T, heads]: the natural logarithm of each row's sum of exponentials; null: none.</param>
    public void GeneralAttention(
        in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output, int moreThan = 0, in Tensor? logSums = null)
    {
        Span<KernelArgument> arguments = stackalloc KernelArgument[AttentionArguments + 2];
        var heads = CommonAttention(arguments, queries, blocks, sequences, options, output, logSums);
        arguments[AttentionArguments] = blocks.HeadDim;
        arguments[AttentionArguments + 1] = moreThan;
        var small = blocks.HeadDim <= GeneralSmallHead;
        var kernel = blocks.DType switch
        {
            DType.Float32 => small ? "octavo_attention_f32_128" : "octavo_attention_f32_512",
            DType.BFloat16 => small ? "octavo_attention_bf16_128" : "octavo_attention_bf16_512",
            DType.Float16 => small ? "octavo_attention_f16_128" : "octavo_attention_f16_512",
            DType.Int8 => small ? "octavo_attention_i8_128" : "octavo_attention_i8_512",
            DType.Float8E4M3 => small ? "octavo_attention_f8_128" : "octavo_attention_f8_512",
            _ => throw new ArgumentException($"no KV blocks of {blocks.DType}", nameof(blocks)),
        };
        kernels[GeneralAttentionSource, kernel].Launch(stream, new LaunchGrid((long)queries.Shape[0] * heads), 32 * GeneralWarps, arguments);
    }

    /// <summary>Checks a call and writes the arguments that all kernels of attention begin with; returns the number of query heads.</summary>
    private static int CommonAttention(
        Span<KernelArgument> to, in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output, in Tensor? logSums)
    {
        var type = KernelElements.NumberOf(queries.DType);
        Arguments.That(
            output.DType == queries.DType && queries.Shape.Rank == 2 && output.Shape == queries.Shape, $"an output {output.DType} {output.Shape} for queries {queries.DType} {queries.Shape}");
        Arguments.Sequences(queries, blocks, sequences, options);
        int rows = queries.Shape[0], heads = queries.Shape[1] / blocks.HeadDim;
        Arguments.That((long)rows * heads <= MaxUnits, $"{rows} rows of {heads} heads in one launch");
        var sums = logSums ?? default;
        if (logSums is not null)
        {
            Arguments.Matrix(sums, rows, heads);
            Arguments.That(sums.IsDense, $"the logarithms of the sums are dense");
        }

        to[0] = queries;
        to[1] = (long)queries.RowStride;
        to[2] = output;
        to[3] = (long)output.RowStride;
        to[4] = type;
        to[5] = blocks.Keys;
        to[6] = blocks.Values;
        to[7] = blocks.Scales is { } scales ? scales : default(KernelArgument);
        to[8] = sequences.QueryStarts;
        if (sequences.Groups is { } groups)
        {
            to[9] = groups.Lengths;
            to[10] = groups.Tables;
            to[11] = (long)groups.Tables.Shape[2];
            to[13] = groups.GroupOf;
            to[14] = groups.Count;
        }
        else
        {
            to[9] = sequences.SequenceLengths;
            to[10] = sequences.BlockTables;
            to[11] = (long)sequences.BlockTables.RowStride;
            to[13] = default;
            to[14] = 1;
        }

        to[12] = sequences.Count;
        to[15] = heads;
        to[16] = blocks.KVHeads;
        to[17] = System.Numerics.BitOperations.Log2((uint)blocks.BlockSize);
        to[18] = options.Scale;
        to[19] = options.SlidingWindow;
        to[20] = options.SoftCap;
        to[21] = logSums is null ? default(KernelArgument) : sums;
        return heads;
    }
}
