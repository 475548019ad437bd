namespace Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

/// <summary>Where matching may stand: each entry is a state, the count of its loop, and the stack below. Mostly one; several while alternatives are open.</summary>
internal sealed class ConfigurationSet
{
    private (int State, int Count, int Stack)[] entries = new (int, int, int)[4];

    public int Length { get; private set; }

    /// <summary>The output may end here.</summary>
    public bool Accepting { get; set; }

    /// <summary>The rule that is looked at alone may end here.</summary>
    public bool LeavesUnknown { get; set; }

    public bool IsAlive => Length > 0 || Accepting || LeavesUnknown;

    public ref readonly (int State, int Count, int Stack) this[int index] => ref entries[index];

    public void Clear()
    {
        Length = 0;
        Accepting = false;
        LeavesUnknown = false;
    }

    public void Add(int state, int count, int stack)
    {
        if (Length == entries.Length)
        {
            Array.Resize(ref entries, Length * 2);
        }

        entries[Length++] = (state, count, stack);
    }

    /// <summary>Replaces the stack of an entry.</summary>
    public void Rebase(int index, int stack) => entries[index].Stack = stack;
}
