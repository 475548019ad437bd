using System.Numerics;
using System.Text.Json;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Json;

/// <summary>What is demanded of numbers.</summary>
internal sealed class NumberBounds
{
    public (DecimalNumber Value, bool Exclusive)? Low { get; private set; }

    public (DecimalNumber Value, bool Exclusive)? High { get; private set; }

    /// <summary>The number must be a multiple of each.</summary>
    public List<(DecimalNumber Value, string Where)> Multiples { get; } = [];

    public bool Any => Low is not null || High is not null || Multiples.Count > 0;

    public void Read(SchemaKeywords keywords, SchemaFacts facts)
    {
        var before = (Low, High, Multiples.Count);
        ReadBound(keywords, "minimum", "exclusiveMinimum", AtLeast);
        ReadBound(keywords, "maximum", "exclusiveMaximum", AtMost);
        if (keywords.Number("multipleOf") is { } multiple)
        {
            Multiples.Add((multiple, SchemaDocument.Child(keywords.Pointer, "multipleOf")));
            if (multiple.Sign <= 0)
            {
                throw keywords.Malformed("multipleOf", "a number greater than 0");
            }
        }

        facts.Hinted |= before != (Low, High, Multiples.Count) ? JsonTypes.Number : JsonTypes.None;
        switch (keywords.Text("format"))
        {
            case "int32":
                AtLeast(DecimalNumber.Of(int.MinValue), false);
                AtMost(DecimalNumber.Of(int.MaxValue), false);
                break;
            case "int64":
                AtLeast(DecimalNumber.Of(long.MinValue), false);
                AtMost(DecimalNumber.Of(long.MaxValue), false);
                break;
        }
    }

    public bool Contains(DecimalNumber number)
        => (Low is not { } low || (number.CompareTo(low.Value) is var order && (order > 0 || (order == 0 && !low.Exclusive))))
        && (High is not { } high || (number.CompareTo(high.Value) is var order2 && (order2 < 0 || (order2 == 0 && !high.Exclusive))))
        && Multiples.TrueForAll(m => number.Unscaled * BigInteger.Pow(10, m.Value.Scale) % (m.Value.Unscaled * BigInteger.Pow(10, number.Scale)) == 0);

    public void AtLeast(DecimalNumber value, bool exclusive)
    {
        if (Low is not { } low || value.CompareTo(low.Value) is var order && (order > 0 || (order == 0 && exclusive)))
        {
            Low = (value, exclusive);
        }
    }

    public void AtMost(DecimalNumber value, bool exclusive)
    {
        if (High is not { } high || value.CompareTo(high.Value) is var order && (order < 0 || (order == 0 && exclusive)))
        {
            High = (value, exclusive);
        }
    }

    private static void ReadBound(SchemaKeywords keywords, string inclusive, string exclusive, Action<DecimalNumber, bool> apply)
    {
        // OpenAPI 3.0 and draft 4 write the exclusive bound as a flag beside the other.
        var flag = keywords.Has(exclusive, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False;
        if (keywords.Number(inclusive) is { } bound)
        {
            apply(bound, flag && value.ValueKind == JsonValueKind.True);
        }

        if (!flag && keywords.Number(exclusive) is { } strict)
        {
            apply(strict, true);
        }
    }
}
