using System.Globalization;
using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Protobuf;

/// <summary>How one field is read. Values that Go would omit (0, "", false, {}) read as null unless the field is a pointer.</summary>
internal sealed class ProtobufType
{
    private enum Kind
    {
        Text,
        Number,
        Flag,
        Data,
        Message,
    }

    private readonly Kind _kind;
    private readonly Func<ProtobufMessage>? _message;
    private readonly bool _keepZero;

    private ProtobufType(Kind kind, Func<ProtobufMessage>? message = null, bool isList = false, bool isMap = false, bool keepZero = false)
    {
        (_kind, _message, IsList, IsMap, _keepZero) = (kind, message, isList, isMap, keepZero);
    }

    public static ProtobufType Text { get; } = new(Kind.Text);

    public static ProtobufType Texts { get; } = new(Kind.Text, isList: true);

    public static ProtobufType TextMap { get; } = new(Kind.Text, isMap: true);

    public static ProtobufType DataMap { get; } = new(Kind.Data, isMap: true);

    public static ProtobufType Number { get; } = new(Kind.Number);

    /// <summary>A pointer: 0 is kept when it is sent.</summary>
    public static ProtobufType OptionalNumber { get; } = new(Kind.Number, keepZero: true);

    public static ProtobufType Flag { get; } = new(Kind.Flag);

    public static ProtobufType OptionalFlag { get; } = new(Kind.Flag, keepZero: true);

    public bool IsList { get; }

    public bool IsMap { get; }

    public static ProtobufType Of(Func<ProtobufMessage> message) => new(Kind.Message, message);

    public static ProtobufType ListOf(Func<ProtobufMessage> message) => new(Kind.Message, message, isList: true);

    public static ProtobufType MapOf(Func<ProtobufMessage> message) => new(Kind.Message, message, isMap: true);

    public JsonNode Empty() => _kind switch
    {
        Kind.Text or Kind.Data => JsonValue.Create(""),
        Kind.Number => JsonValue.Create(0L),
        Kind.Flag => JsonValue.Create(false),
        _ => new JsonObject(),
    };

    public JsonNode? Read(ref ProtobufReader reader)
    {
        switch (_kind)
        {
            case Kind.Text:
                return reader.Bytes.Length == 0 ? null : JsonValue.Create(reader.Text);
            case Kind.Number:
                return reader.Number == 0 && !_keepZero ? null : JsonValue.Create(reader.Number);
            case Kind.Flag:
                return reader.Number == 0 && !_keepZero ? null : JsonValue.Create(reader.Number != 0);
            case Kind.Data:
                return JsonValue.Create(Convert.ToBase64String(reader.Bytes));
            default:
                var message = _message!();
                var value = message.Decode(reader.Bytes);
                return message.Collapse is { } collapse ? collapse(value) : value.Count == 0 ? null : value;
        }
    }

    /// <summary>Seconds since 1970, as metav1.Time carries them, in RFC 3339.</summary>
    public static JsonNode? Time(JsonObject time) => time["seconds"] is { } seconds
        ? JsonValue.Create(DateTimeOffset.FromUnixTimeSeconds(seconds.GetValue<long>()).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture))
        : null;
}
