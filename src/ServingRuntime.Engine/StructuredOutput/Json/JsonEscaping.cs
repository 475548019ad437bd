using System.Text;
using Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;
using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Json;

/// <summary>The one canonical way in which computed languages write text inside a JSON string: escapes only where JSON demands them, and then the shortest.</summary>
internal static class JsonEscaping
{
    private static readonly ScalarSet NeedEscape = ScalarSet.Of((0, 0x1F), ('"', '"'), ('\\', '\\'));

    public static string Quote(string text)
    {
        var builder = new StringBuilder("\"");
        foreach (var character in text)
        {
            builder.Append(character is '"' or '\\' or < ' ' ? '\\' + Escape((byte)character) : character.ToString());
        }

        return builder.Append('"').ToString();
    }

    /// <summary>The same texts as they are written inside a string.</summary>
    /// <param name="texts">Sets of characters and what is built from them, as expressions are.</param>
    public static GrammarNode Escaped(GrammarNode texts) => texts switch
    {
        GrammarNode.Scalars scalars => Escaped(scalars.Members),
        GrammarNode.Sequence sequence => GrammarNode.Row([.. sequence.Parts.Select(Escaped)]),
        GrammarNode.Alternation alternation => GrammarNode.Any([.. alternation.Options.Select(Escaped)]),
        GrammarNode.Repeat repeat => repeat with { Part = Escaped(repeat.Part) },
        _ => throw new ArgumentException($"{texts.GetType().Name} is no expression", nameof(texts)),
    };

    private static GrammarNode Escaped(ScalarSet set)
    {
        var escapes = NeedEscape.Ranges.SelectMany(r => Enumerable.Range(r.First, r.Last - r.First + 1)).Where(set.Contains)
            .Select(c => GrammarNode.Text("\\" + Escape((byte)c))).ToList();
        return escapes.Count == 0
            ? new GrammarNode.Scalars(set)
            : GrammarNode.Any([new GrammarNode.Scalars(set.Complement().Union(NeedEscape).Complement()), .. escapes]);
    }

    /// <summary>Edges that read the escaped form of any byte of the range.</summary>
    public static void Emit(Nfa nfa, int from, byte first, byte last, int to)
    {
        var plainFrom = -1;
        for (var value = (int)first; value <= last + 1; value++)
        {
            var plain = value <= last && value >= 0x20 && value is not ('"' or '\\');
            if (plain && plainFrom < 0)
            {
                plainFrom = value;
            }
            else if (!plain && plainFrom >= 0)
            {
                nfa.AddBytes(from, (byte)plainFrom, (byte)(value - 1), to);
                plainFrom = -1;
            }

            if (!plain && value <= last)
            {
                var at = nfa.AddState();
                nfa.AddBytes(from, (byte)'\\', (byte)'\\', at);
                var escape = Escape((byte)value);
                for (var i = 0; i < escape.Length; i++)
                {
                    var next = i + 1 < escape.Length ? nfa.AddState() : to;
                    nfa.AddBytes(at, (byte)escape[i], (byte)escape[i], next);
                    at = next;
                }
            }
        }
    }

    private static string Escape(byte value) => value switch
    {
        (byte)'"' => "\"",
        (byte)'\\' => "\\",
        (byte)'\n' => "n",
        (byte)'\r' => "r",
        (byte)'\t' => "t",
        (byte)'\b' => "b",
        (byte)'\f' => "f",
        _ => $"u{value:x4}",
    };
}
