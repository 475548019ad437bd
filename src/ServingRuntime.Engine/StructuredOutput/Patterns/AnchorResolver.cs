using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Patterns;

/// <summary>
/// Takes the anchors out of an expression. Where the whole text is matched they say what holds anyway at its ends; in a search, a part without one is preceded or
/// followed by any text. An anchor elsewhere is refused.
/// </summary>
internal static class AnchorResolver
{
    private static readonly GrammarNode AnyText = GrammarNode.Star(new GrammarNode.Scalars(ScalarSet.All));

    public static GrammarNode FullMatch(GrammarNode node) => Remove(node, atStart: true, atEnd: true);

    /// <summary>All texts in which the expression is found.</summary>
    public static GrammarNode Search(GrammarNode node)
    {
        if (node is GrammarNode.Alternation alternation)
        {
            return GrammarNode.Any([.. alternation.Options.Select(Search)]);
        }

        var parts = new List<GrammarNode>();
        Flatten(node, parts);
        var first = parts.FindIndex(p => p is not AnchorNode);
        var last = parts.FindLastIndex(p => p is not AnchorNode);
        if (first < 0)
        {
            var both = parts.Exists(p => p is AnchorNode { IsStart: true }) && parts.Exists(p => p is AnchorNode { IsStart: false });
            return both ? GrammarNode.Empty : AnyText;
        }

        var leading = parts.Take(first).ToList();
        var trailing = parts.Skip(last + 1).ToList();
        if (leading.Exists(p => p is AnchorNode { IsStart: false }) || trailing.Exists(p => p is AnchorNode { IsStart: true }))
        {
            throw Misplaced();
        }

        // An only part may be a group of alternatives, each with anchors of its own.
        if (first == last && leading.Count == 0 && trailing.Count == 0 && parts[first] is GrammarNode.Alternation inner)
        {
            return Search(inner);
        }

        var body = GrammarNode.Row([.. parts[first..(last + 1)].Select(p => Remove(p, atStart: false, atEnd: false))]);
        return GrammarNode.Row(leading.Count > 0 ? GrammarNode.Empty : AnyText, body, trailing.Count > 0 ? GrammarNode.Empty : AnyText);
    }

    private static void Flatten(GrammarNode node, List<GrammarNode> parts)
    {
        if (node is GrammarNode.Sequence sequence)
        {
            foreach (var part in sequence.Parts)
            {
                Flatten(part, parts);
            }
        }
        else
        {
            parts.Add(node);
        }
    }

    private static GrammarNode Remove(GrammarNode node, bool atStart, bool atEnd)
    {
        switch (node)
        {
            case AnchorNode anchor:
                return (anchor.IsStart ? atStart : atEnd) ? GrammarNode.Empty : throw Misplaced();
            case GrammarNode.Alternation alternation:
                return GrammarNode.Any([.. alternation.Options.Select(o => Remove(o, atStart, atEnd))]);
            case GrammarNode.Repeat repeat:
                return repeat with { Part = Remove(repeat.Part, atStart && repeat.Max == 1, atEnd && repeat.Max == 1) };
            case GrammarNode.Sequence sequence:
                var parts = new List<GrammarNode>();
                Flatten(sequence, parts);
                var first = parts.FindIndex(p => p is not AnchorNode);
                var last = parts.FindLastIndex(p => p is not AnchorNode);
                return GrammarNode.Row([.. parts.Select((p, i) => Remove(p, atStart && (first < 0 || i <= first), atEnd && (first < 0 || i >= last)))]);
            default:
                return node;
        }
    }

    private static GrammarException Misplaced() => new("regular expression: ^ and $ are supported only at the ends of the expression or of its alternatives");
}
