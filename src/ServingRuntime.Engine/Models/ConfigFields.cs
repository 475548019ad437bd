using System.Text.Json;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Models;

/// <summary>Typed reading of config.json; null counts as absent, as in transformers.</summary>
public sealed class ConfigFields
{
    private readonly JsonElement root;

    public ConfigFields(JsonElement root) =>
        this.root = root.ValueKind == JsonValueKind.Object ? root.Clone() : throw new CheckpointException("the file holds no JSON object");

    public bool Has(string field) => Find(root, field) is not null;

    /// <summary>Whether the file has the field at all, be it null: transformers' defaults are for fields that it has not.</summary>
    public bool Mentions(string field) => root.TryGetProperty(field, out _);

    public int PositiveInt(string field, int? absent = null) => Find(root, field) switch
    {
        null => absent ?? throw new CheckpointException($"{field}: is missing"),
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var number) && number > 0 => number,
        { } value => throw new CheckpointException($"{field}: {value.GetRawText()} is no whole number above 0"),
    };

    /// <summary>Any whole number.</summary>
    public int Int(string field) => Find(root, field) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var number)
        ? number
        : throw new CheckpointException($"{field}: a whole number is needed");

    public double PositiveNumber(string field, double absent) => Number(root, field) ?? absent;

    public bool Bool(string field, bool absent) => Find(root, field) switch
    {
        null => absent,
        { ValueKind: JsonValueKind.True or JsonValueKind.False } value => value.GetBoolean(),
        { } value => throw new CheckpointException($"{field}: {value.GetRawText()} is neither true nor false"),
    };

    public string String(string field, string absent) => Find(root, field) switch
    {
        null => absent,
        { ValueKind: JsonValueKind.String } value => Text(value, field),
        { } value => throw new CheckpointException($"{field}: {value.GetRawText()} is no string"),
    };

    public string Architecture() =>
        Find(root, "architectures") is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0 && list[0].ValueKind == JsonValueKind.String
            ? Text(list[0], "architectures")
            : throw new CheckpointException("architectures: a list with the model's architecture is needed");

    /// <summary>An object member; null where absent.</summary>
    public ConfigFields? Object(string field) => Find(root, field) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new ConfigFields(value),
        { } value => throw new CheckpointException($"{field}: {value.GetRawText()} is no object"),
    };

    /// <summary>Above 0; null where absent.</summary>
    public double? OptionalNumber(string field) => Number(root, field);

    /// <summary>A whole number above 0; null where absent.</summary>
    public int? OptionalInt(string field) => Has(field) ? PositiveInt(field) : null;

    /// <summary>An array of numbers above 0; empty where absent.</summary>
    public IReadOnlyList<double> Numbers(string field) => Items(field, "numbers above 0", value => value.GetDouble() is > 0 and var number ? number : null);

    /// <summary>An array of strings; empty where absent.</summary>
    public IReadOnlyList<string> Strings(string field) =>
        Find(root, field) is not { } value ? []
            : value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
                ? [.. value.EnumerateArray().Select(item => Text(item, field))]
                : throw new CheckpointException($"{field}: {value.GetRawText()} is no array of strings");

    /// <summary>An array of whole numbers from 0; empty where absent.</summary>
    public IReadOnlyList<int> Ints(string field) =>
        [.. Items(field, "whole numbers", value => value.TryGetInt32(out var number) && number >= 0 ? number : null).Select(number => (int)number)];

    public DType? DType() => String("dtype", String("torch_dtype", "")) switch
    {
        "" => null,
        "float32" => Kernels.DType.Float32,
        "bfloat16" => Kernels.DType.BFloat16,
        "float16" => Kernels.DType.Float16,
        var other => throw new CheckpointException($"torch_dtype: '{other}' is none of float32, bfloat16, float16"),
    };

    private static string Text(JsonElement value, string field)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException exception)
        {
            throw new CheckpointException($"{field}: half of a surrogate pair is no text", exception);
        }
    }

    private List<double> Items(string field, string what, Func<JsonElement, double?> read)
    {
        if (Find(root, field) is not { } value)
        {
            return [];
        }

        var items = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number ? read(item) : null).ToList() : [null];
        return items.Contains(null)
            ? throw new CheckpointException($"{field}: {value.GetRawText()} is no array of {what}")
            : [.. items.Select(item => item!.Value)];
    }

    private static double? Number(JsonElement owner, string field) => Find(owner, field) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.GetDouble() is > 0 and < double.PositiveInfinity and var number => number,
        { } value => throw new CheckpointException($"{field}: {value.GetRawText()} is no number above 0"),
    };

    private static JsonElement? Find(JsonElement owner, string field) =>
        owner.TryGetProperty(field, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
