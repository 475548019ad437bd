using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch.Sources.S3;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Fetch;

/// <summary>Against servers that others wrote: s3rver (npm; it knows keys, but does not check signatures of version 4) and Debian's docker-registry (CNCF distribution).</summary>
public sealed class ThirdPartyServerTests : IDisposable
{
    private readonly FetchWorkplace place = new();

    public void Dispose() => place.Dispose();

    [SkippableFact]
    public async Task Fetch_FromS3rver_BringsTheModel()
    {
        var program = ThirdPartyServer.Find("s3rver", "s3rver/node_modules/.bin/s3rver");
        Skip.If(program is null, "s3rver is not installed (make tools)");
        using var server = await ThirdPartyServer.StartAsync(program!, ["-d", Path.Combine(place.Root, "s3"), "-a", "127.0.0.1", "-p", "0", "--configure-bucket", "models"]);
        var credentials = new AwsCredentials("S3RVER", "S3RVER", null);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}") };
        foreach (var file in TinyModelSource.Files)
        {
            var content = await File.ReadAllBytesAsync(Path.Combine(Repository.TinyModel, file));
            var path = $"/models/a%20b/tiny/{file}";
            var hash = Convert.ToHexStringLower(SHA256.HashData(content));
            var now = SignatureV4.Timestamp(TimeProvider.System.GetUtcNow());
            using var put = new HttpRequestMessage(HttpMethod.Put, path) { Content = new ByteArrayContent(content) };
            put.Headers.Add("x-amz-date", now);
            put.Headers.Add("x-amz-content-sha256", hash);
            put.Headers.TryAddWithoutValidation("Authorization", SignatureV4.Authorization(
                "PUT", path, [], [("host", $"127.0.0.1:{server.Port}"), ("x-amz-content-sha256", hash), ("x-amz-date", now)], hash, credentials, "us-east-1", "s3"));
            using var response = await client.SendAsync(put);
            response.StatusCode.Should().Be(HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
        }

        using var work = new FetchWorkplace { Time = TimeProvider.System };
        work.Variables["AWS_ENDPOINT_URL"] = $"http://127.0.0.1:{server.Port}";
        work.Variables["AWS_ACCESS_KEY_ID"] = "S3RVER";
        work.Variables["AWS_SECRET_ACCESS_KEY"] = "S3RVER";

        var result = await work.FetchAsync("s3://models/a b/tiny");
        work.Variables["AWS_ACCESS_KEY_ID"] = "UNKNOWN";
        var refused = await work.FetchAsync("s3://models/a b/tiny/");

        result.Code.Should().Be(FetchExitCode.Success, result.Message);
        FetchWorkplace.ShouldBeTinyModel(work.EntryOf("s3://models/a b/tiny"));
        refused.Code.Should().Be(FetchExitCode.Unauthorized, refused.Message);
    }

    [SkippableFact]
    public async Task Fetch_FromDockerRegistry_BringsTheModel()
    {
        var program = ThirdPartyServer.Find("docker-registry", "usr/bin/docker-registry");
        Skip.If(program is null, "docker-registry is not installed (make tools)");
        var configuration = Path.Combine(place.Root, "registry.yml");
        await File.WriteAllTextAsync(configuration, $"version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: {place.Root}/registry\nhttp:\n  addr: 127.0.0.1:0\n");
        using var server = await ThirdPartyServer.StartAsync(program!, ["serve", configuration]);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}") };
        var layers = new List<object>();
        foreach (var file in TinyModelSource.Files)
        {
            var content = await File.ReadAllBytesAsync(Path.Combine(Repository.TinyModel, file));
            var layer = await PushAsync(client, content);
            layers.Add(new { mediaType = "application/vnd.oci.image.layer.v1.tar", digest = layer, size = content.Length, annotations = new Dictionary<string, string> { ["org.opencontainers.image.title"] = file } });
        }

        const string Manifest = "application/vnd.oci.image.manifest.v1+json";
        var config = new { mediaType = "application/vnd.oci.empty.v1+json", digest = await PushAsync(client, "{}"u8.ToArray()), size = 2 };
        using var body = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(new { schemaVersion = 2, mediaType = Manifest, config, layers }));
        body.Headers.ContentType = new(Manifest);
        using var pushed = await client.PutAsync("/v2/team/tiny/manifests/v1", body);
        pushed.StatusCode.Should().Be(HttpStatusCode.Created, await pushed.Content.ReadAsStringAsync());
        var digest = pushed.Headers.GetValues("Docker-Content-Digest").Single();

        foreach (var uri in (string[])[$"oci://127.0.0.1:{server.Port}/team/tiny:v1", $"oci://127.0.0.1:{server.Port}/team/tiny@{digest}"])
        {
            var result = await place.FetchAsync(uri);
            result.Code.Should().Be(FetchExitCode.Success, result.Message);
            result.Message.Should().Contain(digest);
            FetchWorkplace.ShouldBeTinyModel(place.EntryOf(uri));
        }

        (await place.FetchAsync($"oci://127.0.0.1:{server.Port}/team/tiny:absent")).Code.Should().Be(FetchExitCode.NotFound);
    }

    private static async Task<string> PushAsync(HttpClient client, byte[] content)
    {
        var digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));
        using var begun = await client.PostAsync("/v2/team/tiny/blobs/uploads/", null);
        var location = begun.Headers.Location!.ToString();
        using var body = new ByteArrayContent(content);
        body.Headers.ContentType = new("application/octet-stream");
        using var done = await client.PutAsync(string.Create(CultureInfo.InvariantCulture, $"{location}{(location.Contains('?', StringComparison.Ordinal) ? '&' : '?')}digest={Uri.EscapeDataString(digest)}"), body);
        done.StatusCode.Should().Be(HttpStatusCode.Created);
        return digest;
    }
}
