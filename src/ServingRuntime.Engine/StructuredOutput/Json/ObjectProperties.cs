using Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Json;

/// <summary>Which schemas apply to which property of an object, over all parts of a conjunction: each part's properties, patterns, and the rest by its additionalProperties.</summary>
internal sealed class ObjectProperties(SchemaCompiler compiler, SchemaFacts facts)
{
    private const int MaxPatterns = 4;

    private readonly Dictionary<string, Dfa> patterns = new(StringComparer.Ordinal);

    /// <summary>Names that some part declares or requires, in the order given.</summary>
    public IReadOnlyList<string> Declared { get; } =
        [.. facts.Objects.SelectMany(o => o.Properties).Select(p => p.Name).Concat(facts.Required).Distinct(StringComparer.Ordinal)];

    /// <summary>What a property's value must satisfy.</summary>
    public Conjunction ValueOf(string name)
    {
        var pointers = new List<string>();
        foreach (var part in facts.Objects)
        {
            var before = pointers.Count;
            pointers.AddRange(part.Properties.Where(p => p.Name == name).Select(p => p.Pointer));
            pointers.AddRange(part.Patterns.Where(p => StringLanguage.Contains(LanguageOf(p), name)).Select(p => p.Pointer));
            if (pointers.Count == before && part.Additional is not null)
            {
                pointers.Add(part.Additional);
            }
        }

        return new Conjunction(pointers);
    }

    /// <summary>Whether the object may have the property at all.</summary>
    public bool Allows(string name)
        => !compiler.FactsOf(ValueOf(name)).IsFalse && (NameLanguage() is not { } names || StringLanguage.Contains(names, name));

    /// <summary>Properties that are not declared: sets of names, apart from each other, and what their values must satisfy.</summary>
    /// <exception cref="GrammarException">There are too many patterns to tell apart.</exception>
    public IEnumerable<(Dfa? Names, Conjunction Value)> Others()
    {
        var all = facts.Objects.SelectMany(o => o.Patterns).DistinctBy(p => p.Pointer).ToList();
        if (all.Count > MaxPatterns)
        {
            throw new GrammarException($"JSON schema: {all[MaxPatterns].Pointer}: more than {MaxPatterns} patternProperties are not supported");
        }

        var budget = compiler.Budget;
        var free = Declared.Count == 0 && all.Count == 0 && facts.PropertyNames.Count == 0;
        for (var matched = 0; matched < 1 << all.Count; matched++)
        {
            var value = ValueWhere(p => (matched >> all.FindIndex(a => a.Pointer == p.Pointer) & 1) != 0);
            if (compiler.FactsOf(value).IsFalse)
            {
                continue;
            }

            if (free)
            {
                yield return (null, value);
                continue;
            }

            var names = StringLanguage.AllBut(Declared, budget);
            for (var i = 0; i < all.Count; i++)
            {
                var language = LanguageOf(all[i]);
                names = (matched >> i & 1) != 0 ? DfaAlgebra.Intersect(names, language, budget) : DfaAlgebra.Subtract(names, language, budget);
            }

            if (NameLanguage() is { } allowed)
            {
                names = DfaAlgebra.Intersect(names, allowed, budget);
            }

            if (!DfaAlgebra.IsEmpty(names))
            {
                yield return (names, value);
            }
        }
    }

    private Conjunction ValueWhere(Func<(string Pattern, string Pointer), bool> matches)
    {
        var pointers = new List<string>();
        foreach (var part in facts.Objects)
        {
            var before = pointers.Count;
            pointers.AddRange(part.Patterns.Where(matches).Select(p => p.Pointer));
            if (pointers.Count == before && part.Additional is not null)
            {
                pointers.Add(part.Additional);
            }
        }

        return new Conjunction(pointers);
    }

    private Dfa? NameLanguage()
    {
        if (facts.PropertyNames.Count == 0)
        {
            return null;
        }

        if (!patterns.TryGetValue("", out var language))
        {
            var names = new Conjunction(facts.PropertyNames);
            var nameFacts = compiler.FactsOf(names);
            if (nameFacts.Open.Count > 0)
            {
                throw new GrammarException($"JSON schema: {names.Where}: anyOf and oneOf are not supported in propertyNames");
            }

            language = nameFacts.IsFalse || !nameFacts.Types.HasFlag(JsonTypes.String) ? StringLanguage.OneOf([], compiler.Budget)
                : nameFacts.Values is not null
                    ? StringLanguage.OneOf([.. SchemaValues.Allowed(nameFacts, names.Where, compiler.Budget)
                        .Where(v => v.ValueKind == System.Text.Json.JsonValueKind.String).Select(v => v.GetString()!)], compiler.Budget)
                : StringLanguage.TextsOf(nameFacts, compiler.Budget);
            patterns[""] = language;
        }

        return language;
    }

    private Dfa LanguageOf((string Pattern, string Pointer) pattern)
    {
        if (!patterns.TryGetValue(pattern.Pointer, out var language))
        {
            language = StringLanguage.FromPattern(pattern.Pattern, pattern.Pointer, compiler.Budget);
            patterns[pattern.Pointer] = language;
        }

        return language;
    }
}
