using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Json;

/// <summary>
/// A JSON Schema to rules. What is written always validates: a keyword is enforced or refused by name with its place. Where the schema allows more than is worth writing
/// (properties in any order, numbers of any length, types that only keywords imply) the grammar is narrower.
/// </summary>
internal sealed class SchemaCompiler
{
    private readonly string ruleName;
    private int depth;

    private SchemaCompiler(string schema, JsonGrammar json, string ruleName)
    {
        this.ruleName = ruleName;
        Json = json;
        Document = new SchemaDocument(schema);
    }

    public JsonGrammar Json { get; }

    public SchemaDocument Document { get; }

    public CompileBudget Budget => Json.Rules.Budget;

    /// <param name="schema">The schema's text.</param>
    /// <param name="json">Writes its parts.</param>
    /// <param name="ruleName">Unlike that of any other schema of the grammar.</param>
    /// <exception cref="GrammarException">It is malformed, cannot be enforced, or contradicts itself.</exception>
    public static GrammarNode Compile(string schema, JsonGrammar json, string ruleName)
    {
        try
        {
            return new SchemaCompiler(schema, json, ruleName).Compile(new Conjunction("#"));
        }
        catch (InvalidOperationException e) when (e is not ObjectDisposedException)
        {
            // How System.Text.Json says that an escape is half of a surrogate pair.
            throw new GrammarException($"the JSON schema holds text that is no Unicode: {e.Message}");
        }
    }

    /// <summary>A value that satisfies all of these; the same rule for the same conjunction, which is what ends recursion.</summary>
    public GrammarNode Compile(Conjunction conjunction)
    {
        if (conjunction.Pointers.Count == 0)
        {
            return Json.AnyValue();
        }

        return Json.Rules.Shared(
            $"{ruleName} {conjunction.Key}",
            () =>
            {
                Budget.CheckDepth(++depth, conjunction.Where);
                var node = Build(conjunction);
                depth--;
                return node;
            },
            mayInline: true);
    }

    public SchemaFacts FactsOf(Conjunction conjunction) => SchemaFactsReader.Read(Document, conjunction, Budget);

    private GrammarNode Build(Conjunction conjunction)
    {
        var facts = FactsOf(conjunction);
        if (facts.IsFalse)
        {
            return GrammarNode.Never;
        }

        if (facts.Open.Count > 0)
        {
            var alternatives = facts.Open[0];
            var branches = Enumerable.Range(0, alternatives.Count).Select(i => conjunction.Taking(alternatives.Pointer, i)).ToList();
            if (alternatives.ExactlyOne)
            {
                new SchemaDisjointness(this).Require(branches, alternatives.Pointer);
            }

            return GrammarNode.Any([.. branches.Select(Compile)]);
        }

        if (facts.Values is not null)
        {
            return SchemaValues.Build(SchemaValues.Allowed(facts, conjunction.Where, Budget));
        }

        if (facts.Types == JsonTypes.All && facts.Hinted == JsonTypes.None)
        {
            return Json.AnyValue();
        }

        return GrammarNode.Any([.. Typed(facts, conjunction)]);
    }

    private IEnumerable<GrammarNode> Typed(SchemaFacts facts, Conjunction conjunction)
    {
        var types = facts.Written;
        if (types.HasFlag(JsonTypes.Null))
        {
            yield return JsonGrammar.Null;
        }

        if (types.HasFlag(JsonTypes.Boolean))
        {
            yield return JsonGrammar.Boolean;
        }

        if ((types & JsonTypes.Number) != JsonTypes.None)
        {
            yield return NumberGrammar.Build(Json, facts.Bounds, fractions: types.HasFlag(JsonTypes.Fraction));
        }

        if (types.HasFlag(JsonTypes.String))
        {
            yield return StringLanguage.Build(Json, facts);
        }

        if (types.HasFlag(JsonTypes.Array))
        {
            yield return new ArrayGrammar(this, facts, conjunction).Build();
        }

        if (types.HasFlag(JsonTypes.Object))
        {
            yield return new ObjectGrammar(this, facts, conjunction).Build();
        }
    }
}
