using System.Text.Json;
using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.OpenAI;

/// <summary>The members of a request by type and range, each fault naming its member. A member that is null counts as absent.</summary>
internal sealed class RequestFields(JsonElement root, string prefix = "")
{
    private readonly HashSet<string> read = new(StringComparer.Ordinal);

    /// <summary>Members that nobody asked for.</summary>
    public IEnumerable<string> Unknown => root.EnumerateObject().Select(p => p.Name).Where(name => !read.Contains(name));

    public bool TryTake(string name, out JsonElement value)
    {
        read.Add(name);
        return root.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;
    }

    /// <summary>The members of a member, whose faults name both.</summary>
    public RequestFields Inner(string name, JsonElement value)
        => value.ValueKind == JsonValueKind.Object ? new RequestFields(value, prefix + name + ".") : throw Fault(name, "must be an object");

    /// <summary>A fault of a member of these.</summary>
    public InvalidRequestException Fault(string name, string what) => Wrong(prefix + name, what);

    /// <summary>A member that asks for what this server cannot do.</summary>
    public InvalidRequestException Unsupported(string name, string what) => new(what, prefix + name, "unsupported_parameter");

    public string? String(string name)
        => !TryTake(name, out var value) ? null
            : value.ValueKind == JsonValueKind.String ? Text(name, value)
            : throw Fault(name, "must be a string");

    public bool? Flag(string name)
        => !TryTake(name, out var value) ? null
            : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
            : throw Fault(name, "must be true or false");

    public long? Long(string name, long least = long.MinValue, long most = long.MaxValue)
    {
        if (!TryTake(name, out var value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var number))
        {
            throw Fault(name, "must be an integer");
        }

        return number >= least && number <= most ? number
            : throw Fault(name, most == long.MaxValue || most == int.MaxValue ? $"must be at least {least}, not {number}" : $"must be from {least} to {most}, not {number}");
    }

    public int? Integer(string name, int least = int.MinValue, int most = int.MaxValue) => (int?)Long(name, least, most);

    /// <param name="name">The member.</param>
    /// <param name="least">Smallest value.</param>
    /// <param name="most">Largest value.</param>
    /// <param name="above">Whether the smallest value itself is excluded.</param>
    public float? Number(string name, double least, double most, bool above = false)
    {
        if (!TryTake(name, out var value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number))
        {
            throw Fault(name, "must be a number");
        }

        return number <= most && (above ? number > least : number >= least)
            ? (float)number
            : throw Fault(name, $"must be {(above ? "above" : "at least")} {least} and at most {most}, not {number}");
    }

    /// <summary>A string or an array of strings.</summary>
    public IReadOnlyList<string> Strings(string name, int mostItems, int mostLength)
    {
        if (!TryTake(name, out var value))
        {
            return [];
        }

        JsonElement[] items = value.ValueKind switch
        {
            JsonValueKind.String => [value],
            JsonValueKind.Array when value.GetArrayLength() <= mostItems => [.. value.EnumerateArray()],
            JsonValueKind.Array => throw Fault(name, $"may have {mostItems} items at most"),
            _ => throw Fault(name, "must be a string or an array of strings"),
        };
        return [.. items.Select(item =>
        {
            var text = item.ValueKind == JsonValueKind.String ? Text(name, item) : throw Fault(name, "must be a string or an array of strings");
            return text.Length is > 0 && text.Length <= mostLength ? text : throw Fault(name, $"may not hold an empty string, nor one of more than {mostLength} characters");
        })];
    }

    public IReadOnlyList<int> Integers(string name, int mostItems)
    {
        if (!TryTake(name, out var value))
        {
            return [];
        }

        return value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= mostItems
            ? [.. value.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var number) ? number : throw Fault(name, "must be an array of integers"))]
            : throw Fault(name, $"must be an array of at most {mostItems} integers");
    }

    /// <summary>Refuses a member that asks for what is not built, unless its value asks for nothing.</summary>
    public void Refuse(string name, Func<JsonElement, bool> asksForNothing)
    {
        if (TryTake(name, out var value) && !asksForNothing(value))
        {
            throw new InvalidRequestException($"'{prefix}{name}' is not supported by this server", prefix + name, "unsupported_parameter");
        }
    }

    public static InvalidRequestException Wrong(string name, string what) => new($"'{name}' {what}", name, "invalid_value");

    private string Text(string name, JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Fault(name, "holds half of a surrogate pair");
        }
    }
}
