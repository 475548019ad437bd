namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Evaluated arguments of a call, filter or test.</summary>
internal sealed class CallArguments(string callee, List<object?> positional, Dictionary<string, object?> named)
{
    public IReadOnlyList<object?> Positional => positional;

    public IReadOnlyDictionary<string, object?> Named => named;

    /// <summary>The argument at a place or under a name; null where neither is given.</summary>
    public object? Get(int index, string name) => TryGet(index, name, out var value) ? value : null;

    public bool TryGet(int index, string name, out object? value)
    {
        if (index < positional.Count)
        {
            value = positional[index];
            return true;
        }

        return named.TryGetValue(name, out value);
    }

    public object? Require(int index, string name)
        => TryGet(index, name, out var value) ? value : throw TemplateValue.Error($"{callee} needs the argument '{name}'");

    public string RequireText(int index, string name)
        => Require(index, name) as string ?? throw TemplateValue.Error($"{callee} needs a string as '{name}', not {TemplateValue.TypeName(Get(index, name))}");

    public string? Text(int index, string name) => Get(index, name) switch
    {
        null => null,
        string text => text,
        var other => throw TemplateValue.Error($"{callee} needs a string as '{name}', not {TemplateValue.TypeName(other)}"),
    };

    public long Integer(int index, string name, long otherwise) => Get(index, name) switch
    {
        null => otherwise,
        long number => number,
        bool flag => flag ? 1 : 0,
        var other => throw TemplateValue.Error($"{callee} needs a number as '{name}', not {TemplateValue.TypeName(other)}"),
    };

    public bool Flag(int index, string name, bool otherwise = false) => TryGet(index, name, out var value) ? TemplateValue.IsTrue(value) : otherwise;

    /// <summary>Without the first so many positional ones: map('trim') passes on what follows the name.</summary>
    public CallArguments Skip(int count) => new(callee, [.. positional.Skip(count)], named);
}
