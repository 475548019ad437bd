using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Octavo.ServingContract;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Fetch.Sources;

/// <summary>Against a registry in the test's process: tokens by the handshake of the distribution specification, blobs on another origin.</summary>
public sealed class OciSourceTests : IAsyncLifetime, IDisposable
{
    private readonly FetchWorkplace place = new();
    private FileServer registry = null!;
    private FileServer blobs = null!;

    private string Uri => $"oci://{registry.Authority}/team/tiny:v1";

    public async Task InitializeAsync()
    {
        registry = await FileServer.StartAsync();
        blobs = await FileServer.StartAsync();
        registry.Intercept = AnswerAsync;
        place.Variables["OCI_USERNAME"] = "user";
        place.Variables["OCI_PASSWORD"] = "pass";
    }

    public async Task DisposeAsync()
    {
        await registry.DisposeAsync();
        await blobs.DisposeAsync();
    }

    public void Dispose() => place.Dispose();

    [Fact]
    public async Task Fetch_FilesByTitle_AreTheModel()
    {
        Push(TinyModelSource.Files.Select(f => Layer(Read(f), "application/vnd.oci.image.layer.v1.tar", ("org.opencontainers.image.title", "tiny/" + f))));

        await ShouldBeTinyModelAsync(Uri);
        blobs.Requests.Should().NotBeEmpty().And.OnlyContain(r => r.Authorization == null);
        place.Log.ToString().Should().NotContain("pass").And.NotContain("t0ken");
    }

    [Fact]
    public async Task Fetch_ImageOfTwoLayersBehindAnIndex_IsUnpacked()
    {
        var lower = Tar(("etc/passwd", "root"u8.ToArray()), ("models/config.json", "{}"u8.ToArray()), ("models/old.safetensors", [1]), ("models/tokenizer.json", Read("tokenizer.json")));
        var upper = Tar([("./models/.wh.old.safetensors", []), .. TinyModelSource.Files.Select(f => ("models/" + f, Read(f)))]);
        var manifest = Push([Layer(lower, "application/vnd.oci.image.layer.v1.tar"), Layer(GZip(upper), "application/vnd.oci.image.layer.v1.tar+gzip")]);
        var other = new { mediaType = "m", digest = "sha256:" + new string('0', 64), size = 1, platform = new { architecture = "s390x", os = "linux" } };
        var here = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64";
        PushManifest("v1", new { schemaVersion = 2, manifests = new object[] { other, new { mediaType = "m", digest = manifest, size = 1, platform = new { architecture = here, os = "linux" } } } });

        await ShouldBeTinyModelAsync(Uri);
        Directory.GetFileSystemEntries(place.EntryOf(Uri)).Select(Path.GetFileName).Should().BeEquivalentTo([.. TinyModelSource.Files, ".octavo-complete"]);
    }

    [Fact]
    public async Task Fetch_ByDigest_TheManifestMustHaveIt()
    {
        var manifest = Push(TinyModelSource.Files.Select(f => Layer(Read(f), "file", ("org.opencontainers.image.title", f))));

        await ShouldBeTinyModelAsync($"oci://{registry.Authority}/team/tiny@{manifest}");

        var wrong = "sha256:" + new string('1', 64);
        registry.Files[$"/v2/team/tiny/manifests/{wrong}"] = registry.Files[$"/v2/team/tiny/manifests/{manifest}"];
        (await place.FetchAsync($"oci://{registry.Authority}/team/tiny@{wrong}")).Code.Should().Be(FetchExitCode.ChecksumMismatch);
    }

    [Fact]
    public async Task Fetch_BlobIsAnother_IsAChecksumMismatch()
    {
        Push(TinyModelSource.Files.Select(f => Layer(Read(f), "file", ("org.opencontainers.image.title", f))));
        var blob = "/blob/sha256:" + TinyModelSource.Sha256("config.json");
        blobs.Files[blob] = [.. blobs.Files[blob].Select(b => (byte)(b ^ 1))];

        (await place.FetchAsync(Uri)).Code.Should().Be(FetchExitCode.ChecksumMismatch);
    }

    [Fact]
    public async Task Fetch_WrongPassword_IsUnauthorized()
    {
        place.Variables["OCI_PASSWORD"] = "wrong";

        var result = await place.FetchAsync(Uri);

        result.Code.Should().Be(FetchExitCode.Unauthorized);
        result.Message.Should().Contain(Uri).And.NotContain("wrong");
    }

    [Fact]
    public async Task Fetch_DockerConfiguration_HoldsTheCredentials()
    {
        place.Variables.Clear();
        place.Variables[".dockerconfigjson"] = JsonSerializer.Serialize(new { auths = new Dictionary<string, object> { ["http://" + registry.Authority + "/v1/"] = new { auth = Convert.ToBase64String("user:pass"u8) } } });
        Push(TinyModelSource.Files.Select(f => Layer(Read(f), "file", ("org.opencontainers.image.title", f))));

        await ShouldBeTinyModelAsync(Uri);
    }

    [Theory]
    [InlineData("../../etc/config.json")]
    [InlineData("/etc/config.json")]
    [InlineData("a\\..\\config.json")]
    public async Task Fetch_TitleLeadsOut_IsRefused(string title)
    {
        Push([Layer([1], "file", ("org.opencontainers.image.title", title))]);

        var result = await place.FetchAsync(Uri);

        result.Code.Should().Be(FetchExitCode.InvalidModel);
        result.Message.Should().Contain("no path below");
    }

    [Fact]
    public async Task Fetch_TagIsAbsent_IsNotFound() => (await place.FetchAsync(Uri)).Code.Should().Be(FetchExitCode.NotFound);

    private static byte[] Read(string file) => File.ReadAllBytes(Path.Combine(Repository.TinyModel, file));

    private static byte[] Tar(params (string Name, byte[] Content)[] files)
    {
        using var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var (name, content) in files)
            {
                writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
            }
        }

        return stream.ToArray();
    }

    private static byte[] GZip(byte[] content)
    {
        using var stream = new MemoryStream();
        using (var zip = new GZipStream(stream, CompressionLevel.Fastest))
        {
            zip.Write(content);
        }

        return stream.ToArray();
    }

    private object Layer(byte[] content, string mediaType, params (string Name, string Value)[] annotations)
    {
        var digest = Digest(content);
        blobs.Files[$"/blob/{digest}"] = content;
        return new { mediaType, digest, size = content.Length, annotations = annotations.ToDictionary(a => a.Name, a => a.Value) };
    }

    private string Push(IEnumerable<object> layers) => PushManifest("v1", new { schemaVersion = 2, mediaType = "application/vnd.oci.image.manifest.v1+json", layers = layers.ToList() });

    private string PushManifest(string tag, object manifest)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(manifest);
        registry.Files[$"/v2/team/tiny/manifests/{tag}"] = registry.Files[$"/v2/team/tiny/manifests/{Digest(bytes)}"] = bytes;
        return Digest(bytes);
    }

    private static string Digest(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    private async Task ShouldBeTinyModelAsync(string uri)
    {
        var result = await place.FetchAsync(uri);
        result.Code.Should().Be(FetchExitCode.Success, result.Message + place.Log);
        FetchWorkplace.ShouldBeTinyModel(place.EntryOf(uri));
    }

    private async Task<bool> AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.Path == "/token")
        {
            var isRight = request.Headers.Authorization == "Basic " + Convert.ToBase64String("user:pass"u8)
                && request.Query["service"] == "registry" && request.Query["scope"] == "repository:team/tiny:pull";
            context.Response.StatusCode = isRight ? 200 : 401;
            await context.Response.WriteAsync(isRight ? "{\"token\":\"t0ken\"}" : "{}");
            return true;
        }

        if (request.Headers.Authorization != "Bearer t0ken")
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"{registry.Url}/token\",service=\"registry\",scope=\"repository:team/tiny:pull\"";
            return true;
        }

        const string Blobs = "/v2/team/tiny/blobs/";
        if (request.Path.Value!.StartsWith(Blobs, StringComparison.Ordinal))
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = $"{blobs.Url}/blob/{request.Path.Value[Blobs.Length..]}";
            return true;
        }

        return false;
    }
}
