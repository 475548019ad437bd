namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>The variable <c>loop</c> of a for statement.</summary>
internal sealed class LoopState(List<object?> items, int depth)
{
    private object? lastChanged = new Undefined("loop.changed");

    /// <summary>From 0.</summary>
    public int Index { get; set; }

    /// <summary>Runs the loop's body over other items; set where the loop is recursive.</summary>
    public TemplateFunction? Recurse { get; init; }

    public int Depth => depth;

    public object? Get(string name) => name switch
    {
        "index" => (long)Index + 1,
        "index0" => (long)Index,
        "revindex" => (long)items.Count - Index,
        "revindex0" => (long)items.Count - Index - 1,
        "first" => Index == 0,
        "last" => Index == items.Count - 1,
        "length" => (long)items.Count,
        "depth" => (long)depth + 1,
        "depth0" => (long)depth,
        "previtem" => Index > 0 ? items[Index - 1] : new Undefined("there is no previous item: loop.previtem"),
        "nextitem" => Index + 1 < items.Count ? items[Index + 1] : new Undefined("there is no next item: loop.nextitem"),
        _ => new Undefined($"loop.{name}"),
    };

    public object? Call(string name, CallArguments arguments)
    {
        switch (name)
        {
            case "cycle":
                return arguments.Positional.Count > 0 ? arguments.Positional[Index % arguments.Positional.Count] : throw TemplateValue.Error("loop.cycle needs values");
            case "changed":
                var value = arguments.Positional.ToList();
                var changed = !TemplateValue.AreEqual(lastChanged, value);
                lastChanged = value;
                return changed;
            default:
                throw TemplateValue.Error($"loop has no method '{name}'");
        }
    }
}
