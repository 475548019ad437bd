using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch.Sources.HuggingFace;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Fetch.Sources;

/// <summary>Against a hub in the test's process that answers as the Hub's API does, its large files on another origin.</summary>
public sealed class HuggingFaceSourceTests : IAsyncLifetime, IDisposable
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private const string Uri = "hf://org/tiny@v1";
    private readonly FetchWorkplace place = new();
    private FileServer hub = null!;
    private FileServer cdn = null!;
    private bool hasBlobs = true;
    private string? errorCode;
    private int errorStatus;

    public async Task InitializeAsync()
    {
        cdn = (await FileServer.StartAsync()).Add("/cdn", Repository.TinyModel);
        hub = await FileServer.StartAsync();
        hub.Add($"/org/tiny/resolve/{Commit}", Repository.TinyModel);
        hub.Intercept = AnswerAsync;
        place.Variables["HF_ENDPOINT"] = hub.Url;
    }

    public async Task DisposeAsync()
    {
        await hub.DisposeAsync();
        await cdn.DisposeAsync();
    }

    public void Dispose() => place.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Fetch_Repository_PinsTheCommitAndChecksDigests(bool mirrorKnowsBlobs)
    {
        hasBlobs = mirrorKnowsBlobs;
        place.Variables["HF_TOKEN"] = "hf_secret";

        var result = await place.FetchAsync(Uri);

        result.Code.Should().Be(FetchExitCode.Success, result.Message + place.Log);
        FetchWorkplace.ShouldBeTinyModel(place.EntryOf(Uri));
        result.Message.Should().Contain(Commit);
        hub.Requests.Should().OnlyContain(r => r.Authorization == "Bearer hf_secret");
        hub.Requests.Count(r => r.Target.Contains("safetensors", StringComparison.Ordinal)).Should().BeLessThan(20, "what the hub redirects to is remembered");
        cdn.Requests.Should().HaveCountGreaterThan(30).And.OnlyContain(r => r.Authorization == null);
        (result.Message + place.Log).Should().NotContain("hf_secret");
    }

    [Fact]
    public async Task Fetch_SignedAddressEnds_AsksTheHubAgain()
    {
        var served = 0;
        cdn.Intercept = context =>
        {
            // Every fifth request comes too late for its signature; the next one is made with a new one.
            context.Response.StatusCode = 403;
            return Task.FromResult(Interlocked.Increment(ref served) % 5 == 0);
        };

        var result = await place.FetchAsync(Uri, o => o with { Connections = 1 });

        result.Code.Should().Be(FetchExitCode.Success, result.Message);
        hub.Requests.Count(r => r.Target.Contains("safetensors", StringComparison.Ordinal)).Should().BeGreaterThan(5);
    }

    [Theory]
    [InlineData("GatedRepo", 403, FetchExitCode.Unauthorized, "gated")]
    [InlineData("RepoNotFound", 401, FetchExitCode.NotFound, "private")]
    [InlineData("RevisionNotFound", 404, FetchExitCode.NotFound, "no revision v1")]
    [InlineData("DisabledRepo", 403, FetchExitCode.Unauthorized, "disabled")]
    [InlineData(null, 401, FetchExitCode.NotFound, "HF_TOKEN")]
    public async Task Fetch_HubRefuses_SaysWhy(string? code, int status, FetchExitCode exitCode, string said)
    {
        (errorCode, errorStatus) = (code, status);

        var result = await place.FetchAsync(Uri);

        result.Code.Should().Be(exitCode);
        result.Message.Should().Contain(said).And.Contain("hf://org/tiny@v1");
    }

    [Fact]
    public async Task Fetch_TokenOverPlainHttp_IsRefused()
    {
        place.Variables["HF_ENDPOINT"] = "http://mirror.example.org";
        place.Variables["HF_TOKEN"] = "hf_secret";

        var result = await place.FetchAsync(Uri);

        result.Code.Should().Be(FetchExitCode.Usage);
        result.Message.Should().Contain("--insecure").And.NotContain("hf_secret");
    }

    [Fact]
    public async Task Fetch_DamagedOnTheWay_IsAChecksumMismatch()
    {
        var damaged = TinyModelSource.Weights;
        damaged[1000]++;
        cdn.Files["/cdn/model.safetensors"] = damaged;

        (await place.FetchAsync(Uri)).Code.Should().Be(FetchExitCode.ChecksumMismatch);
    }

    [Theory]
    [InlineData("org/name", "org/name", "main", "", null)]
    [InlineData("gpt2", "gpt2", "main", "", null)]
    [InlineData("gpt2@dev", "gpt2", "dev", "", null)]
    [InlineData("org/name@refs%2Fpr%2F1", "org/name", "refs/pr/1", "", null)]
    [InlineData("org/name@main/sub/dir", "org/name", "main", "sub/dir/", null)]
    [InlineData("org/name/q/model-Q4.gguf", "org/name", "main", "q/", "model-Q4.gguf")]
    public void Parse_Uri_HasItsParts(string text, string repository, string revision, string folder, string? gguf) =>
        HuggingFaceUri.Parse(text).Should().Be(new HuggingFaceUri(repository, revision, folder, gguf));

    private async Task<bool> AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (errorStatus != 0)
        {
            context.Response.StatusCode = errorStatus;
            context.Response.Headers["X-Error-Code"] = errorCode;
            return true;
        }

        if (path.EndsWith("model.safetensors", StringComparison.Ordinal) && path.Contains("/resolve/", StringComparison.Ordinal))
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = $"{cdn.Url}/cdn/model.safetensors?X-Amz-Signature=secret";
            return true;
        }

        var isTree = path == $"/api/models/org/tiny/tree/{Commit}";
        if (!isTree && path != "/api/models/org/tiny/revision/v1")
        {
            return false;
        }

        var files = TinyModelSource.Files.Append("README.md").Select(f => (Name: f, Content: File.ReadAllBytes(Path.Combine(Repository.TinyModel, f)))).ToList();
        if (isTree)
        {
            // Two pages.
            var second = context.Request.Query.ContainsKey("cursor");
            if (!second)
            {
                context.Response.Headers.Link = $"<{hub.Url}{path}?recursive=true&cursor=x>; rel=\"next\"";
            }

            await context.Response.WriteAsync(JsonSerializer.Serialize(files.Where((_, i) => i < 3 != second).Select(f => IsLarge(f.Name)
                ? (object)new { type = "file", path = f.Name, size = f.Content.Length, oid = "x", lfs = new { oid = TinyModelSource.Sha256(f.Name), size = f.Content.Length } }
                : new { type = "file", path = f.Name, size = f.Content.Length, oid = GitBlob(f.Content) })));
            return true;
        }

        await context.Response.WriteAsync(JsonSerializer.Serialize(new
        {
            sha = Commit,
            siblings = files.Select(f => !hasBlobs ? (object)new { rfilename = f.Name }
                : IsLarge(f.Name) ? new { rfilename = f.Name, size = f.Content.Length, blobId = "x", lfs = new { sha256 = TinyModelSource.Sha256(f.Name), size = f.Content.Length } }
                : new { rfilename = f.Name, size = f.Content.Length, blobId = GitBlob(f.Content) }),
        }));
        return true;
    }

    private static bool IsLarge(string name) => name.EndsWith(".safetensors", StringComparison.Ordinal);

    private static string GitBlob(byte[] content) => Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {content.Length}\0"), .. content]));
}
