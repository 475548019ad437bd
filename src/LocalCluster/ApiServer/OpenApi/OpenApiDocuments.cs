using System.Collections.Concurrent;
using System.IO.Compression;
using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;

namespace Octavo.LocalCluster.ApiServer.OpenApi;

/// <summary>
/// The OpenAPI v3 documents that a server publishes: those of a Kubernetes 1.36 API server, embedded in this assembly,
/// and those that custom resource definitions add while it runs. Thread-safe.
/// </summary>
public sealed class OpenApiDocuments
{
    private const string ResourcePrefix = "OpenApi/v3/";
    private readonly ConcurrentDictionary<string, OpenApiDocument> _documents = new(StringComparer.Ordinal);

    private OpenApiDocuments()
    {
    }

    /// <summary>All documents, in the order of their path.</summary>
    public IReadOnlyList<OpenApiDocument> All => [.. _documents.Values.OrderBy(d => d.Path, StringComparer.Ordinal)];

    /// <summary>The embedded documents; each is unpacked and parsed when first read.</summary>
    public static OpenApiDocuments LoadEmbedded()
    {
        var documents = new OpenApiDocuments();
        var assembly = typeof(OpenApiDocuments).Assembly;
        foreach (var name in assembly.GetManifestResourceNames())
        {
            if (!name.StartsWith(ResourcePrefix, StringComparison.Ordinal))
            {
                continue;
            }

            // The files are named apis_apps_v1.json.gz; group names hold no underscore.
            var path = name[ResourcePrefix.Length..^".json.gz".Length].Replace('_', '/');
            documents._documents[path] = new OpenApiDocument(path, () => Unpack(assembly, name));
        }

        return documents;
    }

    /// <summary>The document at `api/v1` or `apis/{group}/{version}`, or null.</summary>
    public OpenApiDocument? Find(string path) => _documents.GetValueOrDefault(path);

    /// <summary>The document of a group version, or null; the group is empty for core.</summary>
    public OpenApiDocument? Find(string group, string version) =>
        Find(group.Length == 0 ? $"api/{version}" : $"apis/{group}/{version}");

    /// <summary>Adds or replaces the document of a group version that custom resources serve.</summary>
    public void Publish(string group, string version, JsonObject document)
    {
        var utf8 = Encoding.UTF8.GetBytes(document.ToJsonString());
        var path = $"apis/{group}/{version}";
        _documents[path] = new OpenApiDocument(path, () => utf8);
    }

    /// <summary>Removes a published document.</summary>
    public void Withdraw(string group, string version) => _documents.TryRemove($"apis/{group}/{version}", out _);

    private static byte[] Unpack(Assembly assembly, string name)
    {
        using var packed = assembly.GetManifestResourceStream(name)!;
        using var gzip = new GZipStream(packed, CompressionMode.Decompress);
        using var buffer = new MemoryStream();
        gzip.CopyTo(buffer);
        return buffer.ToArray();
    }
}
