using System.Text.Json;
using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Json;

/// <summary>Arrays: the first items each by its own schema, the rest counted.</summary>
internal sealed class ArrayGrammar(SchemaCompiler compiler, SchemaFacts facts, Conjunction conjunction)
{
    private const int MaxUniqueValues = 8;

    private readonly JsonGrammar json = compiler.Json;

    public GrammarNode Build()
    {
        var (min, max) = (facts.MinItems, facts.MaxItems);
        if (max < min)
        {
            return GrammarNode.Never;
        }

        if (facts.UniqueItems is { } where && max is not <= 1)
        {
            return Bracketed(UniqueItems(where), min == 0);
        }

        var prefix = Math.Min(facts.Arrays.Select(a => a.Prefix.Count).DefaultIfEmpty(0).Max(), max ?? int.MaxValue);
        var edges = new List<(int, GrammarNode, int)>();
        var ends = new List<int>();
        for (var i = 0; i < prefix; i++)
        {
            var item = compiler.Compile(ItemAt(facts, i));
            edges.Add((i, i == 0 ? item : GrammarNode.Row(json.Comma, item), i + 1));
            if (i + 1 >= min)
            {
                ends.Add(i + 1);
            }
        }

        if (max is null || max > prefix)
        {
            var rest = compiler.Compile(ItemAt(facts, int.MaxValue));
            var further = GrammarNode.Row(json.Comma, rest);
            var several = prefix == 0
                ? GrammarNode.Row(rest, new GrammarNode.Repeat(further, Math.Max(0, min - 1), max - 1))
                : new GrammarNode.Repeat(further, Math.Max(1, min - prefix), max - prefix);
            edges.Add((prefix, several, prefix + 1));
            ends.Add(prefix + 1);
        }

        return Bracketed(new GrammarNode.Graph(prefix + 2, edges, ends), min == 0);
    }

    /// <summary>What the item at an index must satisfy; from the last prefix on all are alike.</summary>
    public static Conjunction ItemAt(SchemaFacts facts, int index)
    {
        var pointers = new List<string>();
        foreach (var part in facts.Arrays)
        {
            if (index < part.Prefix.Count)
            {
                pointers.Add(part.Prefix[index]);
            }
            else if (part.Rest is not null)
            {
                pointers.Add(part.Rest);
            }
        }

        return new Conjunction(pointers);
    }

    private GrammarNode Bracketed(GrammarNode items, bool mayBeEmpty)
    {
        var full = GrammarNode.Row(items, json.Space, GrammarNode.Text("]"));
        return GrammarNode.Row(GrammarNode.Text("["), json.Space, mayBeEmpty ? GrammarNode.Any(GrammarNode.Text("]"), full) : full);
    }

    /// <summary>Items of a small enumeration, each at most once: a state for each set of those used.</summary>
    private GrammarNode.Graph UniqueItems(string where)
    {
        var item = ItemAt(facts, int.MaxValue);
        var itemFacts = compiler.FactsOf(item);
        var values = itemFacts.Values is null || itemFacts.Open.Count > 0 || facts.Arrays.Exists(a => a.Prefix.Count > 0)
            ? []
            : SchemaValues.Allowed(itemFacts, item.Where, compiler.Budget);
        values = [.. values.Where((value, i) => !values.Take(i).Any(earlier => JsonElement.DeepEquals(earlier, value)))];
        if (values.Count is 0 or > MaxUniqueValues)
        {
            throw new GrammarException($"JSON schema: {where} is supported only where items (of {conjunction.Where}) is an enum of at most {MaxUniqueValues} values");
        }

        var edges = new List<(int, GrammarNode, int)>();
        var ends = new List<int>();
        for (var used = 0; used < 1 << values.Count; used++)
        {
            var count = System.Numerics.BitOperations.PopCount((uint)used);
            if (count > 0 && count >= facts.MinItems)
            {
                ends.Add(used);
            }

            for (var i = 0; i < values.Count && !(count >= facts.MaxItems); i++)
            {
                if ((used >> i & 1) == 0)
                {
                    var value = GrammarNode.Text(SchemaValues.Canonical(values[i]));
                    edges.Add((used, used == 0 ? value : GrammarNode.Row(json.Comma, value), used | (1 << i)));
                }
            }
        }

        return new GrammarNode.Graph(1 << values.Count, edges, ends);
    }
}
