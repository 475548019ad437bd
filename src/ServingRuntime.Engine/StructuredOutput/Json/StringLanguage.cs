using System.Text;
using Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;
using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;
using Octavo.ServingRuntime.Engine.StructuredOutput.Patterns;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Json;

/// <summary>Strings as languages over their text (not as JSON writes it), so that several demands can be joined.</summary>
internal static class StringLanguage
{
    private static readonly GrammarNode AnyText = GrammarNode.Star(new GrammarNode.Scalars(ScalarSet.All));

    /// <summary>The JSON strings that satisfy length, patterns and formats.</summary>
    public static GrammarNode Build(JsonGrammar json, SchemaFacts facts)
    {
        if (facts.MaxLength < facts.MinLength)
        {
            return GrammarNode.Never;
        }

        if (facts.Patterns.Count == 0 && facts.Formats.Count == 0)
        {
            return json.String(facts.MinLength, facts.MaxLength);
        }

        var budget = json.Rules.Budget;
        if (facts.Patterns.Count + facts.Formats.Count > 1 || facts.MinLength > 0 || facts.MaxLength is not null)
        {
            return Quoted(TextsOf(facts, budget));
        }

        // One demand alone needs no product of automata, and its long repetitions can be counted.
        var texts = facts.Patterns.Count > 0
            ? ParsePattern(facts.Patterns[0].Pattern, facts.Patterns[0].Where, budget)
            : RegexParser.ParseFullMatch(StringFormats.PatternOf(facts.Formats[0].Format, facts.Formats[0].Where), budget);
        return json.Rules.Add("string", GrammarNode.Row(GrammarNode.Text("\""), JsonEscaping.Escaped(texts), GrammarNode.Text("\"")), mayInline: false);
    }

    public static GrammarNode Quoted(Dfa texts) => GrammarNode.Row(GrammarNode.Text("\""), new GrammarNode.Machine(texts, JsonEscaped: true), GrammarNode.Text("\""));

    public static Dfa TextsOf(SchemaFacts facts, CompileBudget budget)
    {
        Dfa? texts = null;
        foreach (var (pattern, where) in facts.Patterns)
        {
            Join(FromPattern(pattern, where, budget));
        }

        foreach (var (format, where) in facts.Formats)
        {
            Join(DfaAlgebra.ToDfa(RegexParser.ParseFullMatch(StringFormats.PatternOf(format, where), budget), budget));
        }

        if (texts is null || facts.MinLength > 0 || facts.MaxLength is not null)
        {
            Join(DfaAlgebra.ToDfa(new GrammarNode.Repeat(new GrammarNode.Scalars(ScalarSet.All), facts.MinLength, facts.MaxLength), budget));
        }

        return texts!;

        void Join(Dfa other) => texts = texts is null ? other : DfaAlgebra.Intersect(texts, other, budget);
    }

    /// <summary>The texts in which a pattern is found.</summary>
    public static Dfa FromPattern(string pattern, string where, CompileBudget budget) => DfaAlgebra.ToDfa(ParsePattern(pattern, where, budget), budget);

    private static GrammarNode ParsePattern(string pattern, string where, CompileBudget budget)
    {
        try
        {
            return RegexParser.ParseSearch(pattern, budget);
        }
        catch (GrammarException e) when (e.Fault == GrammarFault.Invalid)
        {
            throw new GrammarException($"JSON schema: {where}: {e.Message}");
        }
    }

    /// <summary>All texts but these.</summary>
    public static Dfa AllBut(IReadOnlyCollection<string> texts, CompileBudget budget)
    {
        var all = DfaAlgebra.ToDfa(AnyText, budget);
        return texts.Count == 0 ? all : DfaAlgebra.Subtract(all, OneOf(texts, budget), budget);
    }

    public static Dfa OneOf(IReadOnlyCollection<string> texts, CompileBudget budget) => DfaAlgebra.ToDfa(GrammarNode.Any([.. texts.Select(GrammarNode.Text)]), budget);

    public static bool Contains(Dfa texts, string text) => texts.Matches(Encoding.UTF8.GetBytes(text));
}
