using Octavo.ServingRuntime.Engine.StructuredOutput.Ebnf;
using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;
using Octavo.ServingRuntime.Engine.StructuredOutput.Json;
using Octavo.ServingRuntime.Engine.StructuredOutput.Masks;
using Octavo.ServingRuntime.Engine.StructuredOutput.Patterns;

namespace Octavo.ServingRuntime.Engine.StructuredOutput;

/// <summary>A specification to rules, each part by its front end.</summary>
internal sealed class SpecificationReader(GrammarRules rules, TokenVocabulary vocabulary)
{
    private int documents;

    public GrammarNode Read(GrammarSpec spec) => Read(spec, 0);

    private GrammarNode Read(GrammarSpec spec, int depth)
    {
        rules.Budget.CheckDepth(depth, "a part of the specification");
        switch (spec)
        {
            case GrammarSpec.JsonObject json:
                return new JsonGrammar(rules, json.DisableAnyWhitespace).AnyObject();
            case GrammarSpec.JsonSchema schema:
                return SchemaCompiler.Compile(schema.Schema, new JsonGrammar(rules, schema.DisableAnyWhitespace), $"#{documents++}");
            case GrammarSpec.Regex regex:
                return RegexParser.ParseFullMatch(regex.Pattern, rules.Budget);
            case GrammarSpec.Choice choice:
                return choice.Options.Count > 0
                    ? GrammarNode.Any([.. choice.Options.Distinct(StringComparer.Ordinal).Select(GrammarNode.Text)])
                    : throw new GrammarException("a choice needs at least one option");
            case GrammarSpec.Ebnf ebnf:
                return GrammarTextReader.Read(ebnf.Text, rules);
            case GrammarSpec.Literal literal:
                return ReadLiteral(literal.Text);
            case GrammarSpec.Sequence sequence:
                return GrammarNode.Row([.. sequence.Parts.Select(p => Read(p, depth + 1))]);
            case GrammarSpec.Alternation alternation:
                return alternation.Options.Count > 0
                    ? GrammarNode.Any([.. alternation.Options.Select(o => Read(o, depth + 1))])
                    : throw new GrammarException("an alternation needs at least one option");
            case GrammarSpec.Repeat repeat:
                return ReadRepeat(repeat, depth);
            case GrammarSpec.FreeTextUntil free:
                return new FreeText(vocabulary, rules.Budget).Until(free.Trigger);
            case GrammarSpec.TriggeredText triggered:
                return new FreeText(vocabulary, rules.Budget).Triggered(
                    [.. triggered.Parts.Select(p => (p.Trigger, rules.Add("triggered", Read(p.Continuation, depth + 1), mayInline: false)))]);
            case GrammarSpec.AfterReasoning reasoning:
                return GrammarNode.Row(
                    new FreeText(vocabulary, rules.Budget).Until(reasoning.EndMarker),
                    new GrammarNode.Repeat(GrammarNode.Text("\n"), 0, 2),
                    Read(reasoning.Answer, depth + 1));
            default:
                throw new InvalidOperationException($"no specification: {spec.GetType().Name}");
        }
    }

    /// <summary>Added tokens in the text stand for themselves, all else for its bytes.</summary>
    private GrammarNode ReadLiteral(string text)
    {
        var parts = new List<GrammarNode>();
        var rest = text.AsSpan();
        while (vocabulary.TryFindAddedToken(rest, out var at, out var length, out var id))
        {
            parts.Add(GrammarNode.Text(rest[..at].ToString()));
            parts.Add(new GrammarNode.Token(id));
            rest = rest[(at + length)..];
        }

        parts.Add(GrammarNode.Text(rest.ToString()));
        return GrammarNode.Row(parts);
    }

    private GrammarNode ReadRepeat(GrammarSpec.Repeat repeat, int depth)
    {
        if (repeat.Min < 0 || repeat.Max < repeat.Min)
        {
            throw new GrammarException($"a repetition of {repeat.Min} to {repeat.Max} cannot be");
        }

        if (repeat.Max == 0)
        {
            return GrammarNode.Empty;
        }

        var part = rules.Add("repeated", Read(repeat.Part, depth + 1));
        var further = GrammarNode.Row(ReadLiteral(repeat.Separator), part);
        var several = GrammarNode.Row(part, new GrammarNode.Repeat(further, Math.Max(0, repeat.Min - 1), repeat.Max - 1));
        return repeat.Min == 0 ? GrammarNode.Optional(several) : several;
    }
}
