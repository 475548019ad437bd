namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>The variable <c>loop</c> of a for statement. It takes items from their source as late as Jinja does: one ahead where the template asks for it, all for a length.</summary>
internal sealed class LoopState(IEnumerator<object?> items, long? knownLength, int depth)
{
    private IEnumerator<object?> items = items;
    private long? length = knownLength;
    private object? lastChanged = new Undefined("loop.changed");
    private (bool Is, object? Item)? ahead;
    private object? before;
    private object? current;

    /// <summary>From 0.</summary>
    public long Index { get; private set; } = -1;

    /// <summary>Runs the loop's body over other items; set where the loop is recursive.</summary>
    public Func<CallArguments, object?>? Recurse { get; init; }

    public object? Current => current;

    public long Length
    {
        get
        {
            if (length is { } known)
            {
                return known;
            }

            var rest = new List<object?>();
            while (items.MoveNext())
            {
                rest.Add(items.Current);
            }

            items = rest.GetEnumerator();
            length = rest.Count + Index + 1 + (ahead is { Is: true } ? 1 : 0);
            return length.Value;
        }
    }

    public bool MoveNext()
    {
        var next = ahead is { } found ? found : Take();
        ahead = null;
        if (!next.Is)
        {
            return false;
        }

        (before, current) = (current, next.Item);
        Index++;
        return true;
    }

    public object? Get(string name) => name switch
    {
        "index" => Index + 1,
        "index0" => Index,
        "revindex" => Length - Index,
        "revindex0" => Length - Index - 1,
        "first" => Index == 0,
        "last" => !Peek().Is,
        "length" => Length,
        "depth" => (long)depth + 1,
        "depth0" => (long)depth,
        "previtem" => Index > 0 ? before : new Undefined("there is no previous item: loop.previtem"),
        "nextitem" => Peek() is { Is: true } next ? next.Item : new Undefined("there is no next item: loop.nextitem"),
        "cycle" => new TemplateFunction(null, Cycle),
        "changed" => new TemplateFunction(null, Changed),
        _ => new Undefined($"loop.{name}"),
    };

    private (bool Is, object? Item) Peek()
    {
        ahead = ahead is { Is: true } ? ahead : Take();
        return ahead.Value;
    }

    private (bool Is, object? Item) Take() => items.MoveNext() ? (true, items.Current) : (false, null);

    private object? Cycle(CallArguments arguments)
    {
        arguments.Expect(0, int.MaxValue);
        return arguments.Positional.Count > 0 ? arguments.Positional[(int)(Index % arguments.Positional.Count)] : throw TemplateValue.Error("loop.cycle needs values");
    }

    private object Changed(CallArguments arguments)
    {
        arguments.Expect(0, int.MaxValue);
        var value = arguments.Positional.ToList();
        var changed = !TemplateValue.AreEqual(lastChanged, value);
        lastChanged = value;
        return changed;
    }
}
