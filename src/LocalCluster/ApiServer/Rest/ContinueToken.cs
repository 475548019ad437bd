using System.Buffers.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Http;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.Rest;

/// <summary>Where the next page of a list begins: base64url of `{"v":"meta.k8s.io/v1","rv":N,"start":"key\u0000"}`.</summary>
/// <param name="Revision">The revision that all pages show; -1 for whatever is newest.</param>
/// <param name="After">The last key that was shown, relative to the list's namespace.</param>
internal readonly record struct ContinueToken(long Revision, string After)
{
    public string Encode() => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(
        new JsonObject { ["v"] = "meta.k8s.io/v1", ["rv"] = Revision, ["start"] = After + "\0" }));

    /// <exception cref="ApiException">400: the text is no token.</exception>
    public static ContinueToken Decode(string text)
    {
        byte[] json;
        try
        {
            json = Base64Url.DecodeFromChars(text.AsSpan().TrimEnd('='));
        }
        catch (FormatException)
        {
            throw ApiErrors.BadRequest("continue key is not valid: illegal base64 data at input byte 0");
        }

        try
        {
            var token = JsonNode.Parse(json)!;
            if (token["v"]?.GetValue<string>() != "meta.k8s.io/v1")
            {
                throw ApiErrors.BadRequest($"continue key is not valid: server does not recognize this encoded version \"{token["v"]}\"");
            }

            var revision = token["rv"].AsWhole() ?? 0;
            if (revision == 0)
            {
                throw ApiErrors.BadRequest("continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
            }

            var start = token["start"]?.GetValue<string>() ?? "";
            return new ContinueToken(revision, start.TrimStart('/').TrimEnd('\0'));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            throw ApiErrors.BadRequest("continue key is not valid: invalid character in the encoded token");
        }
    }
}
