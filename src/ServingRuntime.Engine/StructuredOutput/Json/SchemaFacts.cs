using System.Text.Json;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Json;

/// <summary>What the parts of a <see cref="Conjunction"/> demand together.</summary>
internal sealed class SchemaFacts
{
    /// <summary>Nothing validates.</summary>
    public bool IsFalse { get; set; }

    /// <summary>Types named by the parts; all where none names any.</summary>
    public JsonTypes Types { get; set; } = JsonTypes.All;

    /// <summary>Types that keywords speak of: what is meant where no type is named.</summary>
    public JsonTypes Hinted { get; set; }

    /// <summary>
    /// Types to write. Narrower than what validates where only keywords tell the type: a schema with properties and no type is meant for objects.
    /// While alternatives are open they may still name the type.
    /// </summary>
    public JsonTypes Written => Types == JsonTypes.All && Hinted != JsonTypes.None && Open.Count == 0 ? Hinted : Types;

    /// <summary>Values of enum and const; null: not restricted.</summary>
    public List<JsonElement>? Values { get; set; }

    public int MinLength { get; set; }

    public int? MaxLength { get; set; }

    /// <summary>Patterns, and where they stand.</summary>
    public List<(string Pattern, string Where)> Patterns { get; } = [];

    public List<(string Format, string Where)> Formats { get; } = [];

    public NumberBounds Bounds { get; } = new();

    public List<ArrayPart> Arrays { get; } = [];

    public int MinItems { get; set; }

    public int? MaxItems { get; set; }

    /// <summary>Where uniqueItems is demanded; null: nowhere.</summary>
    public string? UniqueItems { get; set; }

    public List<ObjectPart> Objects { get; } = [];

    public List<string> Required { get; } = [];

    public int MinProperties { get; set; }

    public int? MaxProperties { get; set; }

    public List<string> PropertyNames { get; } = [];

    /// <summary>Alternatives of which no branch has been taken yet.</summary>
    public List<Alternatives> Open { get; } = [];

    public bool ConstrainsStrings => MinLength > 0 || MaxLength is not null || Patterns.Count > 0 || Formats.Count > 0;

    internal sealed record Alternatives(string Pointer, int Count, bool ExactlyOne);

    /// <summary>Array keywords of one part.</summary>
    /// <param name="Prefix">Pointers of the first items' schemas.</param>
    /// <param name="Rest">Pointer of the others' schema; null: anything.</param>
    internal sealed record ArrayPart(IReadOnlyList<string> Prefix, string? Rest);

    /// <summary>Object keywords of one part.</summary>
    /// <param name="Properties">Names in the order given, and pointers.</param>
    /// <param name="Patterns">Expressions for names, and pointers.</param>
    /// <param name="Additional">Pointer of the other properties' schema; null: anything.</param>
    internal sealed record ObjectPart(IReadOnlyList<(string Name, string Pointer)> Properties, IReadOnlyList<(string Pattern, string Pointer)> Patterns, string? Additional);
}

[Flags]
internal enum JsonTypes
{
    None = 0,
    Null = 1,
    Boolean = 2,
    Integer = 4,

    /// <summary>Numbers that are no integers; a schema's "number" is both.</summary>
    Fraction = 8,
    String = 16,
    Array = 32,
    Object = 64,
    Number = Integer | Fraction,
    All = 127,
}
