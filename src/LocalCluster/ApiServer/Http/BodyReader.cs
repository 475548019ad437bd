using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.LocalCluster.ApiServer.Protobuf;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.Http;

/// <summary>Reads request bodies: JSON, YAML, and the protobuf envelopes that kubectl sends.</summary>
internal static class BodyReader
{
    private const int Limit = 3 * 1024 * 1024;

    // After an answer of 413 the client may still be sending; reading on lets it finish and see the answer.
    private const int DrainLimit = 64 * 1024 * 1024;

    private const string AcceptedTypes = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

    private const string GoTypeMeta =
        "Go value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }";

    public static string MediaType(HttpRequest request)
    {
        var type = request.ContentType ?? "";
        var semicolon = type.IndexOf(';', StringComparison.Ordinal);
        return (semicolon < 0 ? type : type[..semicolon]).Trim().ToLowerInvariant();
    }

    /// <exception cref="ApiException">413: the body is over the limit.</exception>
    public static async Task<byte[]> ReadBytesAsync(HttpContext http)
    {
        using var buffer = new MemoryStream();
        var chunk = new byte[64 * 1024];
        var total = 0L;
        int read;
        while ((read = await http.Request.Body.ReadAsync(chunk, http.RequestAborted)) > 0)
        {
            total += read;
            if (total <= Limit)
            {
                buffer.Write(chunk, 0, read);
            }
            else if (total > DrainLimit)
            {
                break;
            }
        }

        return total > Limit ? throw ApiErrors.EntityTooLarge($"limit is {Limit}") : buffer.ToArray();
    }

    /// <summary>The object of a POST or PUT, without a check of its kind. The literal `null` is an empty object.</summary>
    /// <param name="kind">The kind that the URL asks for, for error texts.</param>
    public static async Task<JsonBody> ReadObjectAsync(HttpContext http, string kind)
    {
        var type = MediaType(http.Request);
        if (type is not ("" or "application/json" or "application/yaml" or "application/vnd.kubernetes.protobuf"))
        {
            throw ApiErrors.UnsupportedMediaType($"the body of the request was in an unknown format - accepted media types include: {AcceptedTypes}");
        }

        var bytes = await ReadBytesAsync(http);
        return type switch
        {
            "application/yaml" => ParseYaml(bytes),
            "application/vnd.kubernetes.protobuf" => new JsonBody(ProtobufEnvelope.Decode(bytes), []),
            _ => ParseObject(bytes, kind),
        };
    }

    /// <param name="isStrict">Whether a key that comes twice is refused.</param>
    public static JsonBody ParseYaml(byte[] bytes, bool isStrict = false)
    {
        try
        {
            var node = KubernetesYaml.LoadFirst(Encoding.UTF8.GetString(bytes), out var duplicates);
            if (isStrict && duplicates.Count > 0)
            {
                throw ApiErrors.BadRequest(
                    $"error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  {string.Join("\n  ", duplicates)}");
            }

            return node is JsonObject ? new JsonBody(node, []) : throw ApiErrors.BadRequest("error decoding YAML: the document is no mapping");
        }
        catch (FormatException error)
        {
            throw ApiErrors.BadRequest($"error decoding YAML: {error.Message}");
        }
    }

    private static JsonBody ParseObject(byte[] bytes, string kind)
    {
        string problem;
        try
        {
            var body = JsonBody.Parse(bytes);
            if (body.Node is JsonObject or null)
            {
                return body with { Node = body.Node ?? new JsonObject(), Text = Encoding.UTF8.GetString(bytes) };
            }

            problem = $"json: cannot unmarshal {body.Node.GoKind()} into {GoTypeMeta}";
        }
        catch (JsonException error)
        {
            problem = GoJsonSyntax.FindError(bytes) ?? error.Message;
        }

        throw ApiErrors.BadRequest(
            $"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: {problem} ({Summary(bytes)})");
    }

    /// <summary>The first bytes as an error shows them: text for an object, hexadecimal for anything else.</summary>
    public static string Summary(byte[] bytes)
    {
        const int shown = 30;
        if (bytes.Length == 0)
        {
            return "<empty>";
        }

        var head = bytes.AsSpan(0, Math.Min(shown, bytes.Length));
        var text = bytes[0] == '{' ? Encoding.UTF8.GetString(head) : Convert.ToHexStringLower(head);
        return bytes.Length > shown ? text + " ..." : text;
    }
}
