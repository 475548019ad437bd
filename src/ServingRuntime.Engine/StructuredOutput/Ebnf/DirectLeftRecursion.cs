using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Ebnf;

/// <summary>Rewrites a rule that begins with itself, A: A x | y, as y followed by any number of x. Through other rules it is refused when the grammar is compiled.</summary>
internal static class DirectLeftRecursion
{
    public static GrammarNode Remove(int rule, GrammarNode body)
    {
        IReadOnlyList<GrammarNode> options = body is GrammarNode.Alternation alternation ? alternation.Options : [body];
        var further = new List<GrammarNode>();
        var first = new List<GrammarNode>();
        foreach (var option in options)
        {
            IReadOnlyList<GrammarNode> parts = option is GrammarNode.Sequence sequence ? sequence.Parts : [option];
            if (parts is [GrammarNode.Rule leading, ..] && leading.Id == rule)
            {
                further.Add(GrammarNode.Row([.. parts.Skip(1)]));
            }
            else
            {
                first.Add(option);
            }
        }

        return further.Count == 0 ? body : GrammarNode.Row(GrammarNode.Any(first), GrammarNode.Star(GrammarNode.Any(further)));
    }
}
