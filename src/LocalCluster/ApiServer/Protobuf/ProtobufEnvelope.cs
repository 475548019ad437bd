using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Http;

namespace Octavo.LocalCluster.ApiServer.Protobuf;

/// <summary>Decodes `k8s\0` + runtime.Unknown, the form in which kubectl's typed create commands send objects.</summary>
internal static class ProtobufEnvelope
{
    /// <exception cref="ApiException">415 for a kind whose message is not known here; 400 for bytes that are no envelope.</exception>
    public static JsonObject Decode(ReadOnlySpan<byte> body)
    {
        if (body.Length < 4 || !body[..4].SequenceEqual("k8s\0"u8))
        {
            throw ApiErrors.BadRequest("the object provided is unrecognized: provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
        }

        try
        {
            var apiVersion = "";
            var kind = "";
            ReadOnlySpan<byte> raw = default;
            var unknown = new ProtobufReader(body[4..]);
            while (unknown.Next())
            {
                if (unknown.Field == 1)
                {
                    var type = new ProtobufReader(unknown.Bytes);
                    while (type.Next())
                    {
                        if (type.Field == 1)
                        {
                            apiVersion = type.Text;
                        }
                        else if (type.Field == 2)
                        {
                            kind = type.Text;
                        }
                    }
                }
                else if (unknown.Field == 2)
                {
                    raw = unknown.Bytes;
                }
            }

            var message = ProtobufMessages.Find(apiVersion, kind) ?? throw ApiErrors.UnsupportedMediaType(
                $"this server reads protobuf bodies only of the few kinds that kubectl creates most often, and {kind} of {apiVersion} is not among them: "
                + "write the object as YAML and use `kubectl apply -f` (or send application/json)");
            var result = new JsonObject { ["apiVersion"] = apiVersion, ["kind"] = kind };
            foreach (var (name, value) in message.Decode(raw))
            {
                result[name] = value?.DeepClone();
            }

            return result;
        }
        catch (FormatException error)
        {
            throw ApiErrors.BadRequest($"the object provided is unrecognized: {error.Message}");
        }
    }
}
