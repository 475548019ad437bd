using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Octavo.Installation.Tests.Manifests;

namespace Octavo.Installation.Tests.Images;

/// <summary>Debian's docker-registry on loopback, holding a base image with nothing in it for two architectures: what publishing does needs no more of one.</summary>
internal sealed partial class LocalRegistry : IAsyncDisposable
{
    private const string Repository = "base";
    private const string Index = "application/vnd.oci.image.index.v1+json";
    private const string Manifest = "application/vnd.oci.image.manifest.v1+json";

    private readonly Process process;
    private readonly string folder;
    private readonly HttpClient http;

    private LocalRegistry(Process process, string folder, int port)
    {
        this.process = process;
        this.folder = folder;
        Address = $"127.0.0.1:{port}";
        http = new HttpClient { BaseAddress = new Uri($"http://{Address}/v2/{Repository}/") };
    }

    /// <summary>Host and port.</summary>
    public string Address { get; }

    public string BaseImage => $"{Address}/{Repository}:1";

    /// <summary>Skips the test where docker-registry is not installed.</summary>
    public static async Task<LocalRegistry> StartAsync()
    {
        var program = ExternalTool.Require("docker-registry");
        var folder = Directory.CreateTempSubdirectory("octavo-registry-").FullName;
        var configuration = Path.Combine(folder, "config.yml");
        await File.WriteAllTextAsync(configuration, $$"""
            version: 0.1
            log: {level: info}
            storage:
              filesystem: {rootdirectory: "{{folder}}/data"}
            http: {addr: "127.0.0.1:0"}
            """);
        var process = Process.Start(new ProcessStartInfo(program, ["serve", configuration]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var port = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += Read;
        process.ErrorDataReceived += Read;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var registry = new LocalRegistry(process, folder, await port.Task.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System));
        await registry.PushBaseAsync();
        return registry;

        void Read(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is not null && Listening().Match(line.Data) is { Success: true } match)
            {
                port.TrySetResult(int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task PushBaseAsync()
    {
        using var tar = new MemoryStream();
        await using (var writer = new TarWriter(tar, leaveOpen: true))
        {
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.Directory, "tmp/"));
        }

        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            await gzip.WriteAsync(tar.ToArray());
        }

        var layer = await PushBlobAsync(packed.ToArray());
        var manifests = new JsonArray();
        foreach (var architecture in (string[])["amd64", "arm64"])
        {
            var configuration = await PushBlobAsync(Encoding.UTF8.GetBytes($$"""
                {"architecture":"{{architecture}}","os":"linux","config":{"Env":["PATH=/usr/bin"],"User":"0"},"rootfs":{"type":"layers","diff_ids":["{{Digest(tar.ToArray())}}"]},"history":[{"created_by":"test"}]}
                """));
            var descriptor = await PushManifestAsync(architecture, Manifest, new JsonObject
            {
                ["schemaVersion"] = 2,
                ["mediaType"] = Manifest,
                ["config"] = Descriptor("application/vnd.oci.image.config.v1+json", configuration),
                ["layers"] = new JsonArray(Descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer)),
            });
            descriptor["platform"] = new JsonObject { ["architecture"] = architecture, ["os"] = "linux" };
            manifests.Add(descriptor);
        }

        await PushManifestAsync("1", Index, new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = Index, ["manifests"] = manifests });
    }

    private async Task<(string Digest, int Size)> PushBlobAsync(byte[] content)
    {
        using var begun = await http.PostAsync("blobs/uploads/", null);
        var place = new Uri(http.BaseAddress!, begun.EnsureSuccessStatusCode().Headers.Location!);
        var digest = Digest(content);
        using var body = new ByteArrayContent(content) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
        using var stored = await http.PutAsync($"{place}{(place.Query.Length > 0 ? "&" : "?")}digest={digest}", body);
        stored.EnsureSuccessStatusCode();
        return (digest, content.Length);
    }

    private async Task<JsonObject> PushManifestAsync(string reference, string type, JsonObject manifest)
    {
        var content = Encoding.UTF8.GetBytes(manifest.ToJsonString());
        using var body = new ByteArrayContent(content) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
        using var stored = await http.PutAsync($"manifests/{reference}", body);
        stored.EnsureSuccessStatusCode();
        return Descriptor(type, (Digest(content), content.Length));
    }

    private static JsonObject Descriptor(string type, (string Digest, int Size) blob) => new() { ["mediaType"] = type, ["digest"] = blob.Digest, ["size"] = blob.Size };

    private static string Digest(byte[] content) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}";

    [GeneratedRegex("[Ll]istening on .*?:([0-9]+)", RegexOptions.None, 1000)]
    private static partial Regex Listening();
}
