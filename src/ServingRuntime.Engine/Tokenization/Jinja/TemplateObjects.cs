namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>An ordered dictionary; keys are strings, numbers or booleans.</summary>
internal sealed class TemplateDictionary
{
    private readonly OrderedDictionary<object, object?> items = [];

    public int Count => items.Count;

    public IEnumerable<object> Keys => items.Keys;

    public IEnumerable<object?> Values => items.Values;

    public IEnumerable<KeyValuePair<object, object?>> Items => items;

    public object? this[object key]
    {
        set => items[key] = value;
    }

    public bool TryGet(object? key, out object? value)
    {
        value = null;
        return key is not null && items.TryGetValue(key, out value);
    }
}

/// <summary>What namespace() makes: the one thing whose attributes a template may set.</summary>
internal sealed class TemplateNamespace
{
    public Dictionary<string, object?> Attributes { get; } = new(StringComparer.Ordinal);
}

/// <summary>
/// What the filter safe makes: a string that escapes what is added to it. Escaping is off in chat templates, but templates written for Jinja's Markup come out as
/// Jinja writes them. Everything but + takes it as the plain string.
/// </summary>
internal sealed record SafeText(string Text)
{
    public static string Escape(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal).Replace("'", "&#39;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal);
}

/// <summary>A name or member that does not exist: empty as text, false, an error for almost everything else.</summary>
internal sealed class Undefined(string what)
{
    public string What { get; } = what;

    public TemplateException Error() => TemplateValue.Error($"{What} is undefined");
}

/// <summary>Something a template can call.</summary>
internal delegate object? TemplateFunction(CallArguments arguments);
