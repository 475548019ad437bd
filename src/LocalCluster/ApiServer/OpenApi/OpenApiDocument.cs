using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.OpenApi;

/// <summary>One OpenAPI v3 document of one group version, as `/openapi/v3/{Path}` answers it.</summary>
public sealed class OpenApiDocument
{
    private readonly Lazy<byte[]> _utf8;
    private readonly Lazy<JsonObject> _root;
    private readonly Lazy<string> _hash;

    internal OpenApiDocument(string path, Func<byte[]> load)
    {
        Path = path;
        var parts = path.Split('/');
        Group = parts.Length == 3 ? parts[1] : "";
        Version = parts[^1];
        _utf8 = new Lazy<byte[]>(load);
        _root = new Lazy<JsonObject>(() => JsonNode.Parse(_utf8.Value)!.AsObject());
        _hash = new Lazy<string>(() => Convert.ToHexString(SHA512.HashData(_utf8.Value)));
    }

    /// <summary>`api/v1` or `apis/{group}/{version}`.</summary>
    public string Path { get; }

    /// <summary>The group; empty for core.</summary>
    public string Group { get; }

    public string Version { get; }

    /// <summary>The document as UTF-8 JSON.</summary>
    public ReadOnlyMemory<byte> Utf8 => _utf8.Value;

    /// <summary>The parsed document. Shared: readers must not change it.</summary>
    public JsonObject Root => _root.Value;

    /// <summary>The upper-case hexadecimal SHA-512 that the index carries in `?hash=`.</summary>
    public string Hash => _hash.Value;

    /// <summary>`components.schemas`: schema name (`io.k8s.api.core.v1.Pod`) to schema.</summary>
    public JsonObject Schemas => Root["components"]?["schemas"] as JsonObject ?? [];
}
