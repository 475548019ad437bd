using System.Globalization;
using System.Text.Json.Serialization;
using Octavo.KubernetesClient.Json;

namespace Octavo.KubernetesClient.Models;

/// <summary>A port by number or name, or a count or percentage.</summary>
[JsonConverter(typeof(IntOrStringConverter))]
public readonly record struct IntOrString
{
    private IntOrString(int number, string? text) => (IntValue, StringValue) = (number, text);

    /// <summary>Null where this is an integer.</summary>
    public string? StringValue { get; }

    /// <summary>Meaningful only where <see cref="StringValue"/> is null.</summary>
    public int IntValue { get; }

    public static implicit operator IntOrString(int value) => new(value, null);

    public static implicit operator IntOrString(string value) => new(0, value);

    public override string ToString() => StringValue ?? IntValue.ToString(CultureInfo.InvariantCulture);
}
