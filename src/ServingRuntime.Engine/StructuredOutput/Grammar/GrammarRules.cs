namespace Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

/// <summary>The rules of a grammar while it is built. A rule may be referred to before it is defined, which is what makes recursion.</summary>
internal sealed class GrammarRules(CompileBudget budget)
{
    private readonly List<GrammarRule> rules = [];
    private readonly Dictionary<string, int> shared = new(StringComparer.Ordinal);

    public CompileBudget Budget => budget;

    public IReadOnlyList<GrammarRule> All => rules;

    public int Declare(string name, bool mayInline = true)
    {
        budget.Spend();
        if (rules.Count >= budget.MaxRules)
        {
            throw CompileBudget.Exceeded($"needs more than {budget.MaxRules} rules");
        }

        rules.Add(new GrammarRule { Name = name, MayInline = mayInline });
        return rules.Count - 1;
    }

    public void Define(int id, GrammarNode body) => rules[id].Body = body;

    public GrammarNode Add(string name, GrammarNode body, bool mayInline = true)
    {
        var id = Declare(name, mayInline);
        Define(id, body);
        return new GrammarNode.Rule(id);
    }

    /// <summary>The rule of this name, built when it is first asked for. Rules of their own keep the masks of heavy states (the inside of a string) shared by all their uses.</summary>
    public GrammarNode Shared(string name, Func<GrammarNode> build, bool mayInline = false)
    {
        if (!shared.TryGetValue(name, out var id))
        {
            id = Declare(name, mayInline);
            shared[name] = id;
            Define(id, build());
        }

        return new GrammarNode.Rule(id);
    }
}

/// <summary>One rule.</summary>
internal sealed class GrammarRule
{
    public required string Name { get; init; }

    /// <summary>Whether a short body may be copied to where the rule is used.</summary>
    public required bool MayInline { get; init; }

    public GrammarNode Body { get; set; } = GrammarNode.Never;
}
