namespace Octavo.ServingRuntime.Kernels;

/// <summary>
/// The sequences of one step for paged attention, prefill chunks and decodes alike. S sequences, T query tokens in all.
/// </summary>
/// <param name="QueryStarts">int32 [S + 1]: rows [QueryStarts[s], QueryStarts[s + 1]) of the query are sequence s; the last is T.</param>
/// <param name="SequenceLengths">int32 [S]: tokens of s with keys stored, this step's included; its queries are the last of them.</param>
/// <param name="BlockTables">int32 [S, at least ceil(length / block size)]: block of each run of block-size tokens.</param>
public readonly record struct PagedSequences(Tensor QueryStarts, Tensor SequenceLengths, Tensor BlockTables)
{
    public int Count => SequenceLengths.Shape[0];
}
