using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.Protobuf;

/// <summary>The fields of one message type, by number. Fields that are not listed are skipped; empty values are left out, as Go's omitempty does.</summary>
internal sealed class ProtobufMessage(params (int Number, string Name, ProtobufType Type)[] fields)
{
    private readonly Dictionary<int, (string Name, ProtobufType Type)> _fields = fields.ToDictionary(f => f.Number, f => (f.Name, f.Type));

    /// <summary>Set where the message stands for a plain value, as Quantity and Time do.</summary>
    public Func<JsonObject, JsonNode?>? Collapse { get; init; }

    public JsonObject Decode(ReadOnlySpan<byte> bytes)
    {
        var result = new JsonObject();
        var reader = new ProtobufReader(bytes);
        while (reader.Next())
        {
            if (!_fields.TryGetValue(reader.Field, out var field))
            {
                continue;
            }

            var (name, type) = field;
            if (type.IsMap)
            {
                var entry = new ProtobufReader(reader.Bytes);
                var key = "";
                JsonNode? value = null;
                while (entry.Next())
                {
                    if (entry.Field == 1)
                    {
                        key = entry.Text;
                    }
                    else if (entry.Field == 2)
                    {
                        value = type.Read(ref entry);
                    }
                }

                if (result[name] is not JsonObject map)
                {
                    result[name] = map = [];
                }

                map[key] = value ?? type.Empty();
            }
            else if (type.IsList)
            {
                if (result[name] is not JsonArray list)
                {
                    result[name] = list = [];
                }

                list.Add(type.Read(ref reader) ?? type.Empty());
            }
            else if (type.Read(ref reader) is { } single)
            {
                result[name] = single;
            }
        }

        return result;
    }
}
