namespace Octavo.ServingRuntime.Kernels;

/// <summary>
/// The sequences of one step for paged attention, prefill chunks and decodes alike. S sequences, T query tokens in all.
/// A sequence of length 0 sees nothing: its output rows become zero (rows that only fill up a batch of fixed size).
/// </summary>
/// <param name="QueryStarts">int32 [S + 1]: rows [QueryStarts[s], QueryStarts[s + 1]) of the query are sequence s; the last is T.</param>
/// <param name="SequenceLengths">int32 [S]: tokens of s with keys stored, this step's included; its queries are the last of them.</param>
/// <param name="BlockTables">int32 [S, at least ceil(length / block size)]: block of each run of block-size tokens.</param>
public readonly record struct PagedSequences(Tensor QueryStarts, Tensor SequenceLengths, Tensor BlockTables)
{
    public int Count => SequenceLengths.Shape[0];

    /// <summary>No sequence has more queries; 0: unknown. What a device's launches are sized by, since the tensors may be out of the host's reach.</summary>
    public int MaxQueryLength { get; init; }

    /// <summary>No sequence (nor group) is longer; 0: unknown, what the tables have room for.</summary>
    public int MaxSequenceLength { get; init; }

    /// <summary>Tables by groups of KV heads; null: all heads go by <see cref="BlockTables"/>.</summary>
    public KeyValueGroups? Groups { get; init; }
}
