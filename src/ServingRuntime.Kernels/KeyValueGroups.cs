namespace Octavo.ServingRuntime.Kernels;

/// <summary>
/// Tables of their own for groups of KV heads, where heads of one layer keep different tokens (KV sparsity). They replace <see cref="PagedSequences.SequenceLengths"/> and
/// <see cref="PagedSequences.BlockTables"/>; a sequence's queries are the last of the tokens of each group. What a group keeps is in its logical order, but slots no longer tell distances,
/// so a sliding window is refused.
/// </summary>
/// <param name="GroupOf">int32 [KV heads]: the group of each head of this layer, in 0..G-1.</param>
/// <param name="Lengths">int32 [S, G], dense: tokens kept, this step's included.</param>
/// <param name="Tables">int32 [S, G, W]: block of each run of block-size tokens kept.</param>
public readonly record struct KeyValueGroups(Tensor GroupOf, Tensor Lengths, Tensor Tables)
{
    public int Count => Lengths.Shape[1];
}
