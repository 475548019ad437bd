using Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Masks;

/// <summary>Everything that computing a mask writes to, kept for the next one. Used by one thread at a time.</summary>
internal sealed class MaskWorkspace(PushdownAutomaton automaton)
{
    private ConfigurationSet[] sets = [];
    private int[] marks = [];

    /// <summary>
    /// Steps, times the entries of their sets, that the present mask may still cost; below 0 each walk stops where it has found something. A mask may then lack
    /// tokens, but never allows a wrong one; an ambiguous grammar costs milliseconds, not seconds.
    /// </summary>
    public int WorkLeft { get; set; }

    public PushdownStepper Stepper { get; } = new(automaton);

    /// <summary>Stacks of rules that are looked at alone.</summary>
    public StackArena LocalArena { get; } = new();

    public ConfigurationSet Single { get; } = new();

    public ConfigurationSet Returned { get; } = new();

    public List<int> Exits { get; } = [];

    public List<int> Key { get; } = [];

    /// <summary>The set at a depth of the trie.</summary>
    public ConfigurationSet Set(int depth)
    {
        Grow(depth);
        return sets[depth];
    }

    /// <summary>The arena's length once the set at a depth was computed.</summary>
    public ref int Mark(int depth)
    {
        Grow(depth);
        return ref marks[depth];
    }

    private void Grow(int depth)
    {
        if (depth < sets.Length)
        {
            return;
        }

        var old = sets.Length;
        Array.Resize(ref sets, depth + 16);
        Array.Resize(ref marks, depth + 16);
        for (var i = old; i < sets.Length; i++)
        {
            sets[i] = new ConfigurationSet();
        }
    }
}
