using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Json;

/// <summary>
/// Objects as a graph: properties in the order declared, each written or, if optional, left out, then those that are not declared. Two places a property: one
/// where a name must come, one behind a value. Where the number of properties is limited the places are multiplied by the count.
/// </summary>
internal sealed class ObjectGrammar(SchemaCompiler compiler, SchemaFacts facts, Conjunction conjunction)
{
    private readonly JsonGrammar json = compiler.Json;
    private readonly ObjectProperties properties = new(compiler, facts);
    private readonly List<(int From, GrammarNode Label, int To)> edges = [];
    private readonly Dictionary<Place, int> numbers = [];
    private readonly Queue<Place> queue = new();
    private readonly List<(string Name, bool Required, GrammarNode Pair)> declared = [];
    private int closing;
    private int closed;
    private int minCount;
    private int maxCount = int.MaxValue;

    public GrammarNode Build()
    {
        foreach (var name in properties.Declared)
        {
            var required = facts.Required.Contains(name);
            if (properties.Allows(name))
            {
                var pair = GrammarNode.Row(GrammarNode.Text(JsonEscaping.Quote(name)), json.Colon, compiler.Compile(properties.ValueOf(name)));
                declared.Add((name, required, pair));
            }
            else if (required)
            {
                return GrammarNode.Never;
            }
        }

        var others = Others();
        var requiredCount = declared.Count(p => p.Required);
        minCount = facts.MinProperties > requiredCount ? facts.MinProperties : 0;
        maxCount = facts.MaxProperties is { } max && (others is not null || max < declared.Count) ? max : int.MaxValue;
        if (others is not null && minCount > declared.Count + 1)
        {
            // Undeclared names may be equal, and equal ones count once.
            throw new GrammarException($"JSON schema: {conjunction.Where}: minProperties {facts.MinProperties} cannot be guaranteed with names that are not declared");
        }

        return Graph(others);
    }

    private GrammarNode Graph(GrammarNode? others)
    {
        // 0 is the opening, 1 behind it; what follows is numbered as it is reached.
        closing = 2;
        closed = 3;
        edges.Add((0, GrammarNode.Row(GrammarNode.Text("{"), json.Space), 1));
        edges.Add((closing, GrammarNode.Row(json.Space, GrammarNode.Text("}")), closed));
        edges.Add((1, GrammarNode.Empty, Number(new Place(0, NameIsDue: true, 0, 0, OtherSeen: false))));
        if (minCount == 0 && !declared.Exists(p => p.Required))
        {
            edges.Add((1, GrammarNode.Text("}"), closed));
        }

        while (queue.TryDequeue(out var place))
        {
            compiler.Budget.Spend();
            if (place.NameIsDue)
            {
                AddNames(place, others);
            }
            else
            {
                AddEnds(place);
            }
        }

        return new GrammarNode.Graph(numbers.Count + 4, edges, [closed]);
    }

    private void AddNames(Place place, GrammarNode? others)
    {
        if (place.Index == declared.Count)
        {
            if (others is not null && place.Total < maxCount)
            {
                // Only the first of them surely has a name of its own.
                edges.Add((Number(place), others, Number(place.After(place.OtherSeen ? 0 : 1, minCount, maxCount) with { OtherSeen = minCount > 0 })));
            }

            return;
        }

        var (_, required, pair) = declared[place.Index];
        if (place.Total < maxCount)
        {
            edges.Add((Number(place), pair, Number(place.After(1, minCount, maxCount) with { Index = place.Index + 1 })));
        }

        if (!required)
        {
            edges.Add((Number(place), GrammarNode.Empty, Number(place with { Index = place.Index + 1 })));
        }
    }

    private void AddEnds(Place place)
    {
        edges.Add((Number(place), json.Comma, Number(place with { NameIsDue = true })));
        var restOptional = true;
        for (var i = place.Index; i < declared.Count; i++)
        {
            restOptional &= !declared[i].Required;
        }

        if (restOptional && place.Distinct >= minCount)
        {
            edges.Add((Number(place), GrammarNode.Empty, closing));
        }
    }

    private int Number(Place place)
    {
        if (!numbers.TryGetValue(place, out var number))
        {
            compiler.Budget.SpendState();
            number = numbers.Count + 4;
            numbers[place] = number;
            queue.Enqueue(place);
        }

        return number;
    }

    /// <summary>Pairs of names that are not declared; null where there can be none.</summary>
    private GrammarNode? Others()
    {
        var options = new List<GrammarNode>();
        foreach (var (names, value) in properties.Others())
        {
            var name = names is null
                ? json.String()
                : json.Rules.Add("name", StringLanguage.Quoted(names), mayInline: false);
            options.Add(GrammarNode.Row(name, json.Colon, compiler.Compile(value)));
        }

        return options.Count > 0 ? GrammarNode.Any(options) : null;
    }

    /// <param name="Index">The next declared property; their number: those that are not declared.</param>
    /// <param name="NameIsDue">Whether a name must come, or a value was just written.</param>
    /// <param name="Distinct">Properties that surely have different names, counted up to the least number.</param>
    /// <param name="Total">All, counted up to the greatest number; 0 where there is none.</param>
    /// <param name="OtherSeen">Whether one was written that is not declared; only where it matters.</param>
    private readonly record struct Place(int Index, bool NameIsDue, int Distinct, int Total, bool OtherSeen)
    {
        public Place After(int distinct, int min, int max) => this with
        {
            NameIsDue = false,
            Distinct = Math.Min(Distinct + distinct, min),
            Total = max == int.MaxValue ? 0 : Total + 1,
        };
    }
}
