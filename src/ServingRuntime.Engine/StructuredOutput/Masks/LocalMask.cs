namespace Octavo.ServingRuntime.Engine.StructuredOutput.Masks;

/// <summary>What one state allows whatever stands below it on the stack: computed once and used under every stack.</summary>
/// <param name="Dense">Allowed tokens as a mask; null: few, in <paramref name="Sparse"/>.</param>
/// <param name="Sparse">Allowed tokens.</param>
/// <param name="Exits">Nodes of the trie where the rule may have ended and longer tokens go on: those depend on the stack.</param>
/// <param name="Width">Most entries that a set had on the way.</param>
internal sealed record LocalMask(uint[]? Dense, int[] Sparse, int[] Exits, int Width)
{
    public int Bytes => 64 + ((Dense?.Length ?? 0) * 4) + (Sparse.Length * 4) + (Exits.Length * 4);
}
