using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;

namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <content>Attention of many queries, on the tensor cores.</content>
internal sealed partial class KernelLauncher
{
    /// <summary>Whether <see cref="PrefillAttention"/> takes such blocks: heads of 64, 96, 128 or 256, keys and values of bfloat16, float16, int8 or float8.</summary>
    public static bool HasPrefill(KeyValueBlocks blocks) => PrefillKernel.Find(blocks.HeadDim, blocks.DType) is not null;

    /// <summary>Whether heads that have such a kernel are computed by the products of warpgroups: so on devices of compute capability 9.0, unless the kernel does not compile.</summary>
    public bool UsesWarpgroups { get; set; } = kernels.Device.Capability == new ComputeCapability(9, 0);

    /// <summary>
    /// Attention of sequences of any numbers of queries, with products in the type of keys and values (bfloat16 for those of eight bits) and float32 sums.
    /// A row's bits depend on its own query and the keys that it sees alone: not on how a prompt is cut into chunks, nor on the other sequences.
    /// </summary>
    /// <param name="moreThan">Sequences of no more queries than that are left to another kernel: their rows are not written.</param>
    /// <param name="logSums">float32 [T, heads]: the natural logarithm of each row's sum of exponentials; null: none.</param>
    public void PrefillAttention(
        in Tensor queries, KeyValueBlocks blocks, in PagedSequences sequences, in AttentionOptions options, in Tensor output, int moreThan = 0, in Tensor? logSums = null)
    {
        var kernel = PrefillOf(blocks.HeadDim, blocks.DType)
            ?? throw new ArgumentException($"there is no kernel for prefill with heads of {blocks.HeadDim} and keys and values of {blocks.DType}", nameof(blocks));
        RequirePositiveScale(options);
        Span<KernelArgument> arguments = stackalloc KernelArgument[AttentionArguments + 3];
        var heads = CommonAttention(arguments, queries, blocks, sequences, options, output, logSums);

        // As many as the sequences may need at most, whatever their lengths, and one sequence more for rows of none: see tile_of in prefill.cuh.
        var tiles = ((long)queries.Shape[0] * (heads / blocks.KVHeads) / kernel.Rows) + sequences.Count + 1;
        arguments[AttentionArguments] = moreThan;
        arguments[AttentionArguments + 1] = queries.Shape[0];
        arguments[AttentionArguments + 2] = (int)tiles;
        kernels[kernel.Source, kernel.Name].Launch(
            stream, new LaunchGrid(queries.Shape[0] == 0 ? 0 : tiles * blocks.KVHeads), kernel.Threads, arguments, kernel.SharedBytes);
    }

    /// <summary>What <see cref="PrefillAttention"/> over such blocks needs, if there is a kernel; that of warpgroups is tried first, and not used where it does not compile.</summary>
    private string[] PrefillSource(int headDim, DType dtype)
    {
        if (UsesWarpgroups && PrefillKernel.FindForWarpgroups(headDim, dtype) is { } own)
        {
            UsesWarpgroups = kernels.TryLoad(own.Source);
        }

        return PrefillOf(headDim, dtype) is { } kernel ? [kernel.Source] : [];
    }

    /// <summary>The largest score is looked for before scores are scaled: softmax.cuh.</summary>
    private static void RequirePositiveScale(in AttentionOptions options) => Arguments.That(options.Scale > 0, $"scores are scaled by {options.Scale}, which is not above 0");

    private PrefillKernel? PrefillOf(int headDim, DType cache) =>
        (UsesWarpgroups ? PrefillKernel.FindForWarpgroups(headDim, cache) : null) ?? PrefillKernel.Find(headDim, cache);
}
