namespace Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

/// <summary>
/// Stacks that share their lower parts: a frame says where to go on when the rule above it ends, and points to the frame below. Frames are never changed, so a
/// search can push and later cut the arena back to where it was.
/// </summary>
internal sealed class StackArena
{
    /// <summary>Below the root rule: where it ends the output is complete.</summary>
    public const int Root = -1;

    /// <summary>Below a rule that is looked at alone: what follows it is not known.</summary>
    public const int Unknown = -2;

    private Frame[] frames = new Frame[64];

    public int Count { get; private set; }

    public ref readonly Frame this[int index] => ref frames[index];

    public int Push(int state, int count, int below)
    {
        if (Count == frames.Length)
        {
            Array.Resize(ref frames, frames.Length * 2);
        }

        var hash = (((ulong)(uint)state << 32) | (uint)count) + (HashOf(below) * 0x9E3779B97F4A7C15);
        hash ^= hash >> 29;
        hash *= 0xBF58476D1CE4E5B9;
        frames[Count] = new Frame(state, count, below, hash ^ (hash >> 32));
        return Count++;
    }

    /// <summary>Equal for equal stacks, whenever they were pushed.</summary>
    public ulong HashOf(int frame) => frame >= 0 ? frames[frame].Hash : (ulong)(uint)frame;

    /// <summary>Takes back all that was pushed since <see cref="Count"/> was this.</summary>
    public void CutBack(int count) => Count = count;

    internal readonly record struct Frame(int State, int Count, int Below, ulong Hash);
}
