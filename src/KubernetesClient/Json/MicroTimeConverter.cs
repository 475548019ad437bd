using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Octavo.KubernetesClient.Json;

/// <summary><c>metav1.MicroTime</c>: RFC 3339, UTC, six digits of fraction (leases and event times).</summary>
internal sealed class MicroTimeConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => TimeConverter.Parse(reader.GetString());

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));
}
