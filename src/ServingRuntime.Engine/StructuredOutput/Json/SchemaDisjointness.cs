using System.Text.Json;
using Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Json;

/// <summary>
/// Shows that no value satisfies two branches of a oneOf, so that writing one of them is writing exactly one: by type, values, bounds, lengths, patterns, or a
/// required property whose values cannot agree. What cannot be shown is refused.
/// </summary>
internal sealed class SchemaDisjointness(SchemaCompiler compiler)
{
    private const int MaxDepth = 4;

    /// <exception cref="GrammarException">Two branches may both match.</exception>
    public void Require(IReadOnlyList<Conjunction> branches, string where)
    {
        for (var i = 0; i < branches.Count; i++)
        {
            for (var j = i + 1; j < branches.Count; j++)
            {
                compiler.Budget.Spend(64);
                if (!AreDisjoint(branches[i], branches[j], 0))
                {
                    throw new GrammarException(
                        $"JSON schema: {where}: a value may match both branch {i} and branch {j}, so that exactly one matches cannot be guaranteed; "
                        + "use anyOf, or tell them apart by type, const or a required property");
                }
            }
        }
    }

    private bool AreDisjoint(Conjunction first, Conjunction second, int depth)
    {
        var (a, b) = (compiler.FactsOf(first), compiler.FactsOf(second));
        if (a.IsFalse || b.IsFalse)
        {
            return true;
        }

        if (depth > MaxDepth)
        {
            return false;
        }

        if (a.Values is not null && b.Values is not null)
        {
            return !a.Values.Exists(v => b.Values.Exists(w => JsonElement.DeepEquals(v, w)));
        }

        foreach (var type in (ReadOnlySpan<JsonTypes>)[JsonTypes.Null, JsonTypes.Boolean, JsonTypes.Number, JsonTypes.String, JsonTypes.Array, JsonTypes.Object])
        {
            // What one writes counts against all that the other lets pass: a branch without a type lets other types pass unseen.
            var meets = (a.Written & b.Types & type) | (b.Written & a.Types & type);
            if (meets != JsonTypes.None && HasValuesOf(a, type) && HasValuesOf(b, type) && !AreDisjoint(a, b, type, depth))
            {
                return false;
            }
        }

        return true;
    }

    private static bool HasValuesOf(SchemaFacts facts, JsonTypes type) => facts.Values is null || facts.Values.Exists(v => (SchemaValues.TypeOf(v) & type) != JsonTypes.None);

    private bool AreDisjoint(SchemaFacts a, SchemaFacts b, JsonTypes type, int depth) => type switch
    {
        JsonTypes.Number => NumbersAreDisjoint(a, b),
        JsonTypes.String => DfaAlgebra.IsEmpty(DfaAlgebra.Intersect(TextsOf(a), TextsOf(b), compiler.Budget)),
        JsonTypes.Array => ArraysAreDisjoint(a, b, depth),
        JsonTypes.Object => ObjectsAreDisjoint(a, b, depth),
        _ => false,
    };

    private Dfa TextsOf(SchemaFacts facts) => facts.Values is null
        ? StringLanguage.TextsOf(facts, compiler.Budget)
        : StringLanguage.OneOf([.. facts.Values.Where(v => v.ValueKind == JsonValueKind.String).Select(v => v.GetString()!)], compiler.Budget);

    private static bool NumbersAreDisjoint(SchemaFacts a, SchemaFacts b)
    {
        if (a.Values is not null || b.Values is not null)
        {
            var (values, other) = a.Values is not null ? (a.Values, b) : (b.Values!, a);
            return values.TrueForAll(v => v.ValueKind != JsonValueKind.Number
                || (SchemaValues.TypeOf(v) & other.Types) == JsonTypes.None || !other.Bounds.Contains(DecimalNumber.Parse(v.GetRawText(), "enum")));
        }

        return Below(a.Bounds, b.Bounds) || Below(b.Bounds, a.Bounds);

        static bool Below(NumberBounds lower, NumberBounds upper)
            => lower.High is { } high && upper.Low is { } low && high.Value.CompareTo(low.Value) is var order && (order < 0 || (order == 0 && (high.Exclusive || low.Exclusive)));
    }

    private bool ArraysAreDisjoint(SchemaFacts a, SchemaFacts b, int depth)
    {
        if (a.MaxItems < b.MinItems || b.MaxItems < a.MinItems)
        {
            return true;
        }

        for (var i = 0; i < Math.Min(4, Math.Min(a.MinItems, b.MinItems)); i++)
        {
            if (AreDisjoint(ArrayGrammar.ItemAt(a, i), ArrayGrammar.ItemAt(b, i), depth + 1))
            {
                return true;
            }
        }

        return false;
    }

    private bool ObjectsAreDisjoint(SchemaFacts a, SchemaFacts b, int depth)
    {
        if (a.Values is not null || b.Values is not null)
        {
            return false;
        }

        var (first, second) = (new ObjectProperties(compiler, a), new ObjectProperties(compiler, b));
        foreach (var name in a.Required.Union(b.Required, StringComparer.Ordinal))
        {
            if ((a.Required.Contains(name) && !second.Allows(name)) || (b.Required.Contains(name) && !first.Allows(name)))
            {
                return true;
            }

            if (a.Required.Contains(name) && b.Required.Contains(name) && AreDisjoint(first.ValueOf(name), second.ValueOf(name), depth + 1))
            {
                return true;
            }
        }

        return false;
    }
}
