namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <summary>
/// How sequences are cut for decoding: by <paramref name="LeastTokens"/>, or a multiple where that would be more than <paramref name="MostSplits"/> pieces. It depends on the model's shape alone,
/// and a sequence's cuts on its own length, so that a row's sums have one order in any batch.
/// </summary>
/// <param name="LeastTokens">A multiple of 64.</param>
internal readonly record struct AttentionSplits(int LeastTokens, int MostSplits)
{
    /// <summary>Queries of a sequence that decoding takes; those of more are another kernel's.</summary>
    public const int MaxQueries = 8;

    /// <summary>Sequences of one launch, as in attention_splits.cuh.</summary>
    public const int MaxSequences = 512;

    /// <summary>
    /// Few KV heads mean few blocks for a sequence that is alone, so its pieces are smaller: 4096 tokens become 64 blocks for any number of heads up to eight. With more heads pieces stay at 512
    /// tokens, where merging costs little.
    /// </summary>
    public static AttentionSplits For(int heads, int kvHeads, int headDim, long partialBytes) => new(
        Math.Clamp(64 * kvHeads, 128, 512), (int)Math.Clamp((partialBytes / RowBytes(heads, headDim) / MaxQueries) - 1, 1, Math.Clamp(256 / kvHeads, 16, 128)));

    /// <summary>Memory for partial results on a device: what one launch needs for 256 sequences of a large model where there is much, so that most steps need but one.</summary>
    public static long PartialBytes(long deviceBytes) => Math.Clamp(deviceBytes / 512, 1L << 20, 256L << 20);

    /// <summary>Partial results of all heads of one row and split: sums, the largest score and the sum of the exponentials.</summary>
    public static long RowBytes(int heads, int headDim) => (long)heads * (headDim + 2) * sizeof(float);

    /// <summary>Splits that a sequence may have, where none is longer than that.</summary>
    /// <param name="window">0: none.</param>
    public int Room(int longest, int window)
    {
        if (longest <= LeastTokens)
        {
            return 1;
        }

        // A window may begin within a split.
        var seen = window > 0 ? Math.Min(longest, (long)window + MaxQueries) : longest;
        return (int)Math.Min(MostSplits, (seen + LeastTokens - 1) / LeastTokens) + (window > 0 ? 1 : 0);
    }
}
