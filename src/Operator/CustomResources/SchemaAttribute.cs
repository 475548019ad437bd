namespace Octavo.Operator.CustomResources;

/// <summary>What the OpenAPI schema says of a field beyond its type. A bound that is not set is left out of the schema.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SchemaAttribute : Attribute
{
    /// <summary>Stands for "no bound": attribute arguments cannot be null.</summary>
    public const long Unset = long.MinValue;

    public long Minimum { get; init; } = Unset;
    public long Maximum { get; init; } = Unset;
    public long MinLength { get; init; } = Unset;
    public long MaxLength { get; init; } = Unset;
    public long MinItems { get; init; } = Unset;
    public long MaxItems { get; init; } = Unset;
    public long MaxProperties { get; init; } = Unset;

    /// <summary>Longest value of a map of strings, longest item of a list of strings.</summary>
    public long ItemMaxLength { get; init; } = Unset;

    public string? Pattern { get; init; }

    /// <summary>Allowed values of a string.</summary>
    public string[]? Enum { get; init; }

    /// <summary>The default as JSON text (<c>1</c>, <c>"auto"</c>, <c>{}</c>).</summary>
    public string? DefaultJson { get; init; }

    /// <summary><c>map</c>, <c>set</c> or <c>atomic</c>.</summary>
    public string? ListType { get; init; }

    /// <summary>Keys of a list of type <c>map</c>.</summary>
    public string[]? ListMapKeys { get; init; }

    /// <summary><c>atomic</c> or <c>granular</c>.</summary>
    public string? MapType { get; init; }
}
