using System.Text;
using Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

/// <summary>The form that all front ends meet in: a context-free grammar over bytes and, for special tokens, token ids.</summary>
internal abstract record GrammarNode
{
    public static GrammarNode Empty { get; } = new Sequence([]);

    /// <summary>Matches nothing at all, not even the empty text.</summary>
    public static GrammarNode Never { get; } = new Alternation([]);

    public static GrammarNode Text(string text) => new Literal(Encoding.UTF8.GetBytes(text));

    public static GrammarNode Optional(GrammarNode node) => new Alternation([node, Empty]);

    public static GrammarNode Row(params IReadOnlyList<GrammarNode> parts) => parts.Count == 1 ? parts[0] : new Sequence(parts);

    public static GrammarNode Any(params IReadOnlyList<GrammarNode> options) => options.Count == 1 ? options[0] : new Alternation(options);

    public static GrammarNode Star(GrammarNode node) => new Repeat(node, 0, null);

    public static GrammarNode Set(params IEnumerable<(int First, int Last)> ranges) => new Scalars(ScalarSet.Of(ranges));

    /// <summary>These bytes in this order.</summary>
    public sealed record Literal(byte[] Bytes) : GrammarNode;

    /// <summary>One byte of a range.</summary>
    public sealed record ByteRange(byte First, byte Last) : GrammarNode;

    /// <summary>One Unicode scalar value, as UTF-8.</summary>
    public sealed record Scalars(ScalarSet Members) : GrammarNode;

    public sealed record Sequence(IReadOnlyList<GrammarNode> Parts) : GrammarNode;

    public sealed record Alternation(IReadOnlyList<GrammarNode> Options) : GrammarNode;

    /// <param name="Part">What is repeated.</param>
    /// <param name="Min">Least number.</param>
    /// <param name="Max">Most; null: no limit.</param>
    public sealed record Repeat(GrammarNode Part, int Min, int? Max) : GrammarNode;

    /// <summary>A rule of the <see cref="GrammarRules"/> that this node belongs to.</summary>
    public sealed record Rule(int Id) : GrammarNode;

    /// <summary>One token that has no text of its own in the vocabulary: an added token.</summary>
    public sealed record Token(int Id) : GrammarNode;

    /// <summary>Any added token, where the model is free; those that <see cref="Token"/> names at the same place are left to it.</summary>
    public sealed record AnyAddedToken : GrammarNode;

    /// <summary>A regular language that was computed.</summary>
    /// <param name="Language">Over the bytes of UTF-8 text.</param>
    /// <param name="JsonEscaped">Whether the text is written as the inside of a JSON string, in the one canonical way.</param>
    public sealed record Machine(Dfa Language, bool JsonEscaped) : GrammarNode;

    /// <summary>A graph whose edges are labelled by nodes: what would be written many times as an expression.</summary>
    /// <param name="StateCount">States are 0 (the start) to this.</param>
    /// <param name="Edges">From, what is read on the way, to.</param>
    /// <param name="Ends">Where it may end.</param>
    public sealed record Graph(int StateCount, IReadOnlyList<(int From, GrammarNode Label, int To)> Edges, IReadOnlyList<int> Ends) : GrammarNode;
}
