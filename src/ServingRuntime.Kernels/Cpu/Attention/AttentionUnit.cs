namespace Octavo.ServingRuntime.Kernels.Cpu.Attention;

/// <summary>Queries of one sequence that share one KV head's keys and values: some consecutive tokens, each with all heads of the group.</summary>
/// <param name="Sequence">Which.</param>
/// <param name="KVHead">Whose keys and values.</param>
/// <param name="Token">Row of the first token in the step's queries.</param>
/// <param name="Tokens">How many.</param>
/// <param name="Visible">Keys that the first token sees, its own included, if there is no window; each further one sees one more.</param>
/// <param name="FirstRange">The first <see cref="AttentionTile.Range"/> of keys that any sees.</param>
/// <param name="EndRange">One past the last.</param>
/// <param name="Partial">First element of its ranges' states in <see cref="AttentionArguments.Partials"/>; meaningless where one thread takes all ranges.</param>
internal readonly record struct AttentionUnit(int Sequence, int KVHead, int Token, int Tokens, int Visible, int FirstRange, int EndRange, long Partial)
{
    public int Ranges => EndRange - FirstRange;
}
