namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>Names and values; a name that is not here is looked for outside. Assignments stay here.</summary>
internal sealed class TemplateScope(TemplateScope? outer)
{
    private readonly Dictionary<string, object?> values = new(StringComparer.Ordinal);

    public object? Get(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope.values.TryGetValue(name, out var value))
            {
                return value;
            }
        }

        return new Undefined($"'{name}'");
    }

    public void Set(string name, object? value) => values[name] = value;

    private TemplateScope? Outer { get; } = outer;
}
