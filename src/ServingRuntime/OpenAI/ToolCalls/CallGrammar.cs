using Octavo.ServingRuntime.Engine.StructuredOutput;

namespace Octavo.ServingRuntime.OpenAI.ToolCalls;

/// <summary>A function as a grammar sees it.</summary>
/// <param name="Name">Letters, digits, underscores, dashes and dots only: it needs no escapes.</param>
/// <param name="Arguments">What its arguments look like.</param>
internal sealed record CallGrammar(string Name, GrammarSpec Arguments)
{
    /// <summary>The call between two texts.</summary>
    public GrammarSpec Between(string before, string after)
        => new GrammarSpec.Sequence(after.Length == 0 ? [new GrammarSpec.Literal(before), Arguments] : [new GrammarSpec.Literal(before), Arguments, new GrammarSpec.Literal(after)]);

    public static GrammarSpec AnyOf(IEnumerable<GrammarSpec> calls)
    {
        var options = calls.ToList();
        return options.Count == 1 ? options[0] : new GrammarSpec.Alternation(options);
    }
}
