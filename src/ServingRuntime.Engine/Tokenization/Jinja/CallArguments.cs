using System.Numerics;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Evaluated arguments of a call, filter or test.</summary>
internal sealed class CallArguments(string callee, IReadOnlyList<object?> positional, IReadOnlyDictionary<string, object?> named)
{
    private static readonly Dictionary<string, object?> NoNames = [];

    public static CallArguments Of(string callee, params object?[] positional) => new(callee, positional, NoNames);

    public string Callee => callee;

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
        => TemplateValue.Plain(Require(index, name)) as string ?? throw Wrong("string", name, Get(index, name));

    public string? Text(int index, string name) => TemplateValue.Plain(Get(index, name)) switch
    {
        null => null,
        string text => text,
        var other => throw Wrong("string", name, other),
    };

    public long Integer(int index, string name, long otherwise) => TryGet(index, name, out var value) ? value switch
    {
        long number => number,
        bool flag => flag ? 1 : 0,
        BigInteger big => big.Sign > 0 ? int.MaxValue : int.MinValue,
        _ => throw Wrong("integer", name, value),
    }
    : otherwise;

    public bool Flag(int index, string name, bool otherwise = false) => TryGet(index, name, out var value) ? TemplateValue.IsTrue(value) : otherwise;

    /// <summary>Refuses what a Python function with these parameters would refuse.</summary>
    /// <param name="required">So many come first and have no default.</param>
    /// <param name="most">Most positional ones.</param>
    /// <param name="parameters">The names under which they may be given; "" where only by place.</param>
    public CallArguments Expect(int required, int most, params ReadOnlySpan<string> parameters)
    {
        if (positional.Count > most)
        {
            throw TemplateValue.Error($"{callee} takes {most} arguments, not {positional.Count}");
        }

        foreach (var (name, _) in named)
        {
            var at = parameters.IndexOf(name);
            if (at < 0 || name.Length == 0)
            {
                throw TemplateValue.Error($"{callee} has no argument '{name}'");
            }

            if (at < positional.Count)
            {
                throw TemplateValue.Error($"{callee} has the argument '{name}' twice");
            }
        }

        for (var i = positional.Count; i < required; i++)
        {
            if (i >= parameters.Length || !named.ContainsKey(parameters[i]))
            {
                throw TemplateValue.Error($"{callee} needs {required} arguments");
            }
        }

        return this;
    }

    /// <summary>Without the first so many positional ones: map('trim') passes on what follows the name.</summary>
    public CallArguments Skip(int count) => new(callee, [.. positional.Skip(count)], named);

    private TemplateException Wrong(string wanted, string name, object? value)
        => (value as Undefined)?.Error() ?? TemplateValue.Error($"{callee} needs a {wanted} as '{name}', not {TemplateValue.TypeName(value)}");
}
