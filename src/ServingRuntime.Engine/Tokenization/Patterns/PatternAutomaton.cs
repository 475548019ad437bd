using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Octavo.ServingRuntime.Engine.Tokenization.Patterns;

/// <summary>
/// A compiled pattern as a deterministic automaton that is built while it runs: one table lookup a character, no going back. Its states are ordered lists of
/// instructions (the order is the preference, so the first way that matches wins as in a backtracking matcher); its alphabet are the classes of characters that the
/// pattern's sets cannot tell apart. A look at the next character is decided by the class of that character, before it is taken. Safe to use from several threads:
/// what is published is complete and never changes.
/// </summary>
internal sealed class PatternAutomaton
{
    /// <summary>Class of the place after the last character.</summary>
    private const int EndClass = 0;
    private const int Dead = 1;
    private const int ClassBits = 8;
    private const int MostClasses = 1 << ClassBits;
    private const int MostStates = 4096;
    private const int MostSets = 64;

    private readonly PatternInstruction[] program;
    private readonly CharacterSet[] sets;
    private readonly int[] setOf;
    private readonly Lock gate = new();

    /// <summary>By signature: which of the sets hold the character.</summary>
    private readonly Dictionary<ulong, byte> classes = [];
    private readonly List<ulong> signatures = [0];
    private readonly byte[]?[] pages = new byte[]?[0x110000 >> 8];
    private readonly Dictionary<string, int> stateIds = new(StringComparer.Ordinal);
    private readonly List<int[]> states = [[], []];

    /// <summary>By state and class: the next state twice, plus one where a match ends before the character; 0: not known yet.</summary>
    private int[] table = new int[16 << ClassBits];
    private readonly int start;

    private PatternAutomaton(PatternInstruction[] program, CharacterSet[] sets, int[] setOf)
    {
        (this.program, this.sets, this.setOf) = (program, sets, setOf);
        pages[0] = BuildPage(0);
        start = StateOf([0]);
    }

    /// <summary>Null where the pattern needs more than an automaton can do.</summary>
    public static PatternAutomaton? TryCreate(PatternInstruction[] program)
    {
        var sets = new List<CharacterSet>();
        var setOf = new int[program.Length];
        for (var i = 0; i < program.Length; i++)
        {
            if (program[i].Operation is not (PatternOperation.Accept or PatternOperation.Take or PatternOperation.Split or PatternOperation.Jump or PatternOperation.NextIs))
            {
                return null;
            }

            if (program[i].Set is { } set)
            {
                setOf[i] = sets.FindIndex(other => ReferenceEquals(other, set) || other.IsSame(set));
                if (setOf[i] < 0)
                {
                    setOf[i] = sets.Count;
                    sets.Add(set);
                }
            }
        }

        return sets.Count > MostSets ? null : new PatternAutomaton(program, [.. sets], setOf);
    }

    /// <summary>End of the match that begins at <paramref name="at"/> (UTF-16 index), or -1; <see cref="TooLarge"/> where the automaton would grow beyond its bounds.</summary>
    public int Match(ReadOnlySpan<char> text, int at)
    {
        ref var origin = ref MemoryMarshal.GetReference(text);
        ref var ascii = ref MemoryMarshal.GetArrayDataReference(pages[0]!);
        var current = table;
        var state = start;
        var matched = -1;
        while (true)
        {
            int kind, width = 1;
            if (at >= text.Length)
            {
                kind = EndClass;
            }
            else
            {
                var unit = Unsafe.Add(ref origin, at);
                kind = unit < 256 ? Unsafe.Add(ref ascii, (int)unit) : ClassAt(text, at, out width);
            }

            // A table that grew meanwhile is met by Step, which looks into the newest.
            var place = (state << ClassBits) | kind;
            var entry = place < current.Length ? current[place] : 0;
            if (entry == 0)
            {
                entry = Step(state, kind);
                if (entry == 0)
                {
                    return TooLarge;
                }

                current = table;
            }

            if ((entry & 1) != 0)
            {
                matched = at;
            }

            state = entry >> 1;
            if (state == Dead)
            {
                return matched;
            }

            at += width;
        }
    }

    public const int TooLarge = -2;

    private int ClassAt(ReadOnlySpan<char> text, int at, out int width)
    {
        int scalar = text[at];
        width = 1;
        if (char.IsSurrogate((char)scalar))
        {
            scalar = PatternBacktracker.ScalarAt(text, at, out width);
        }

        var page = Volatile.Read(ref pages[scalar >> 8]) ?? BuildPage(scalar >> 8);
        return page[scalar & 255];
    }

    private byte[] BuildPage(int number)
    {
        lock (gate)
        {
            var page = new byte[256];
            for (var i = 0; i < page.Length; i++)
            {
                var scalar = (number << 8) | i;
                var signature = 0UL;
                for (var s = 0; s < sets.Length && scalar is < 0xD800 or > 0xDFFF; s++)
                {
                    signature |= sets[s].Contains(scalar) ? 1UL << s : 0;
                }

                if (!classes.TryGetValue(signature, out var kind))
                {
                    // More classes than this share the last one; the pattern is then given up by Step.
                    kind = (byte)Math.Min(signatures.Count, MostClasses - 1);
                    classes[signature] = kind;
                    signatures.Add(signature);
                }

                page[i] = kind;
            }

            Volatile.Write(ref pages[number], page);
            return page;
        }
    }

    /// <summary>Computes one entry of the table; 0 where the automaton is at its bounds.</summary>
    private int Step(int state, int kind)
    {
        lock (gate)
        {
            var place = (state << ClassBits) | kind;
            if (place < table.Length && table[place] != 0)
            {
                return table[place];
            }

            if (signatures.Count > MostClasses || states.Count >= MostStates)
            {
                return 0;
            }

            var next = new List<int>();
            var seen = new HashSet<int>();
            var accepted = false;
            foreach (var instruction in states[state])
            {
                if (!Follow(instruction, kind, seen, next))
                {
                    // A way that has matched is preferred to all that come after it.
                    accepted = true;
                    break;
                }
            }

            var entry = ((next.Count == 0 ? Dead : StateOf(next)) << 1) | (accepted ? 1 : 0);
            Volatile.Write(ref table[place], entry);
            return entry;
        }
    }

    /// <summary>Goes from an instruction over all that take no character to those that take this one; false as soon as a way accepts.</summary>
    private bool Follow(int from, int kind, HashSet<int> seen, List<int> next)
    {
        var open = new Stack<int>();
        open.Push(from);
        while (open.TryPop(out var at))
        {
            if (!seen.Add(at))
            {
                continue;
            }

            var instruction = program[at];
            switch (instruction.Operation)
            {
                case PatternOperation.Accept:
                    return false;
                case PatternOperation.Jump:
                    open.Push(instruction.First);
                    break;
                case PatternOperation.Split:
                    open.Push(instruction.Second);
                    open.Push(instruction.First);
                    break;
                case PatternOperation.NextIs:
                    if (kind == EndClass ? instruction.Flag : Holds(at, kind))
                    {
                        open.Push(at + 1);
                    }

                    break;
                default:
                    if (kind != EndClass && Holds(at, kind))
                    {
                        next.Add(at + 1);
                    }

                    break;
            }
        }

        return true;
    }

    private bool Holds(int instruction, int kind) => ((signatures[kind] >> setOf[instruction]) & 1) != 0;

    private int StateOf(List<int> instructions)
    {
        var distinct = instructions.Distinct().ToArray();
        var key = string.Join(',', distinct);
        if (!stateIds.TryGetValue(key, out var id))
        {
            id = states.Count;
            states.Add(distinct);
            stateIds[key] = id;
            if (states.Count << ClassBits > table.Length)
            {
                var larger = new int[table.Length * 2];
                table.CopyTo(larger, 0);
                Volatile.Write(ref table, larger);
            }
        }

        return id;
    }
}
