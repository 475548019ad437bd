using System.Security.Cryptography;
using System.Text.Json;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch.Checkpoints;
using Octavo.ServingRuntime.Fetch.Transfer;

namespace Octavo.ServingRuntime.Fetch.Sources.Oci;

/// <summary>A model as an OCI artifact or image in a registry. A manifest must have the digest that it is asked for by, and so must each layer.</summary>
internal sealed class OciSource(OciReference reference, RegistryClient client, HttpTransport transport) : IModelSource
{
    private const int MostManifestBytes = 8 << 20;

    public string Name => reference.ToString();

    /// <summary>Plain http is spoken to this very machine, and to others with --insecure only.</summary>
    public static OciSource Create(string rest, FetchOptions options, FetchEnvironment environment, HttpTransport transport)
    {
        var reference = OciReference.Parse(rest);
        var plainHttp = options.Insecure || new Uri($"https://{reference.ApiHost}").IsLoopback;
        var client = new RegistryClient(reference, plainHttp, options.Insecure, RegistryCredentials.Find(reference.Registry, environment), transport, environment.Time);
        return new OciSource(reference, client, transport);
    }

    public async Task<SourceListing> ListAsync(CancellationToken cancellationToken)
    {
        try
        {
            var (document, digest) = await GetManifestAsync(reference.Reference, cancellationToken).ConfigureAwait(false);
            if (OciManifest.Choose(document, Name) is { } chosen)
            {
                (document, digest) = await GetManifestAsync(chosen, cancellationToken).ConfigureAwait(false);
            }

            var files = OciManifest.Files(document, Name);
            var gguf = files.Any(f => f.Path.EndsWith(".safetensors", StringComparison.Ordinal)) ? null
                : files.Select(f => f.Path).Where(p => p.EndsWith(CheckpointFiles.GgufSuffix, StringComparison.Ordinal)).Order(StringComparer.Ordinal).FirstOrDefault();
            return new SourceListing(digest, files, gguf);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new FetchException(FetchExitCode.InvalidModel, $"{Name} is no OCI artifact: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    public async Task<RangeReply> OpenAsync(SourceFile file, long offset, long? end, CancellationToken cancellationToken)
    {
        IReadOnlyList<(string, string)> headers = RangeReply.RangeHeader(file, offset, end) is { } range ? [("Range", range)] : [];
        var response = await client.SendAsync($"blobs/{file.Locator}", $"{(file.IsArchive ? file.Locator : file.Path)} of {Name}", headers, cancellationToken).ConfigureAwait(false);
        return await RangeReply.FromAsync(response, file, offset, cancellationToken).ConfigureAwait(false);
    }

    private async Task<(JsonElement Document, string Digest)> GetManifestAsync(string wanted, CancellationToken cancellationToken)
    {
        using var response = await client.SendAsync($"manifests/{wanted}", Name, [("Accept", OciManifest.Accept)], cancellationToken).ConfigureAwait(false);
        var bytes = await transport.ReadAsync(response, Name, MostManifestBytes, cancellationToken).ConfigureAwait(false);
        var digest = $"sha256:{Convert.ToHexStringLower(SHA256.HashData(bytes))}";
        if (wanted.StartsWith("sha256:", StringComparison.Ordinal) && digest != wanted)
        {
            throw new FetchException(FetchExitCode.ChecksumMismatch, $"{Name}: the registry answers {wanted} with a manifest of the digest {digest}.");
        }

        using var document = JsonDocument.Parse(bytes);
        return (document.RootElement.Clone(), digest);
    }
}
