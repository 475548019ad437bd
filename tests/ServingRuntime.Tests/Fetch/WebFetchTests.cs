using System.Security.Cryptography;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Fetch;

/// <summary>A fetch over HTTP: what is brought, published, checked, shown.</summary>
public sealed class WebFetchTests : IAsyncLifetime, IDisposable
{
    private readonly FetchWorkplace place = new();
    private FileServer server = null!;

    private string Uri => $"{server.Url}/models/tiny/";

    public async Task InitializeAsync() => server = (await FileServer.StartAsync()).Add("/models/tiny", Repository.TinyModel);

    public async Task DisposeAsync() => await server.DisposeAsync();

    public void Dispose() => place.Dispose();

    [Fact]
    public async Task Fetch_Folder_BringsWhatACheckpointNeedsAndPublishesItWhole()
    {
        var result = await place.FetchAsync(Uri);

        ShouldBePublished(result);
        Directory.GetFiles(place.EntryOf(Uri)).Select(Path.GetFileName).Should().BeEquivalentTo([.. TinyModelSource.Files, ".octavo-complete"]);
        result.Message.Should().Contain(TinyModelSource.ManifestDigest).And.Contain(place.EntryOf(Uri)).And.NotContain("\n");
        server.Requests.Count(r => r.Range is not null).Should().BeGreaterThan(30, "the weights come in parts");
        server.BytesSent.Should().BeLessThan(TinyModelSource.TotalBytes + 1000, "nothing comes twice");
        Directory.GetDirectories(place.Cache).Should().ContainSingle("nothing unfinished is left");
    }

    [Fact]
    public async Task Fetch_Again_AsksTheServerNothing()
    {
        await place.FetchAsync(Uri);
        var before = server.Requests.Count;

        var result = await place.FetchAsync(Uri);

        ShouldBePublished(result);
        server.Requests.Count.Should().Be(before);
    }

    [Fact]
    public async Task Fetch_PublishedFileIsDamaged_FetchesAgain()
    {
        await place.FetchAsync(Uri);
        File.WriteAllText(Path.Combine(place.EntryOf(Uri), "tokenizer.json"), "{");

        ShouldBePublished(await place.FetchAsync(Uri));
    }

    [Fact]
    public async Task Fetch_Shards_FollowsTheIndexOnly()
    {
        server.Add("/models/sharded", place.ShardedModel());

        var result = await place.FetchAsync($"{server.Url}/models/sharded");

        result.Code.Should().Be(FetchExitCode.Success, result.Message);
        server.Requests.Should().NotContain(r => r.Method == "GET" && (r.Target.EndsWith(".bin", StringComparison.Ordinal) || r.Target.Contains("consolidated", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Fetch_Manifest_ChecksEveryFile()
    {
        server.Files["/models/tiny/SHA256SUMS"] = Sums(TinyModelSource.Files.Select(f => (TinyModelSource.Sha256(f), f)));

        ShouldBePublished(await place.FetchAsync(Uri, o => o with { Sha256 = TinyModelSource.ManifestDigest }), TinyModelSource.ManifestDigest);
    }

    [Fact]
    public async Task Fetch_ContentIsNotWhatTheManifestSays_IsBroughtTwiceAndRefused()
    {
        server.Files["/models/tiny/SHA256SUMS"] = Sums(TinyModelSource.Files.Select(f => (f == "model.safetensors" ? new string('a', 64) : TinyModelSource.Sha256(f), f)));

        var result = await place.FetchAsync(Uri);

        result.Code.Should().Be(FetchExitCode.ChecksumMismatch);
        result.Message.Should().Contain("model.safetensors").And.Contain(TinyModelSource.Sha256("model.safetensors"));
        place.Log.ToString().Should().Contain("fetching it again");
        Directory.Exists(place.EntryOf(Uri)).Should().BeFalse();
    }

    [Fact]
    public async Task Fetch_DigestAskedForIsAnother_PublishesNothing()
    {
        var result = await place.FetchAsync(Uri, o => o with { Sha256 = new string('b', 64) });

        result.Code.Should().Be(FetchExitCode.ChecksumMismatch);
        Directory.Exists(place.EntryOf(Uri, new string('b', 64))).Should().BeFalse();
    }

    [Fact]
    public async Task Fetch_DiskHasNoRoom_SaysSoBeforeTheFirstByte()
    {
        place.FreeBytes = _ => 65 << 20;

        var result = await place.FetchAsync(Uri);

        result.Code.Should().Be(FetchExitCode.NoSpace);
        result.Message.Should().Contain("2.7 MiB").And.Contain("65.0 MiB").And.Contain(Uri);
        server.BytesSent.Should().BeLessThan(1000);
    }

    [Fact]
    public async Task Fetch_ArchitectureIsUnknown_NoWeightsAreBrought()
    {
        server.Files["/models/tiny/config.json"] = System.Text.Encoding.UTF8.GetBytes(
            System.Text.Encoding.UTF8.GetString(server.Files["/models/tiny/config.json"]).Replace("LlamaForCausalLM", "NewForCausalLM", StringComparison.Ordinal));

        var result = await place.FetchAsync(Uri);

        result.Code.Should().Be(FetchExitCode.InvalidModel);
        result.Message.Should().Contain("NewForCausalLM").And.Contain(Uri).And.NotContain(".partial");
        server.Requests.Should().NotContain(r => r.Method == "GET" && r.Target.EndsWith(".safetensors", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Fetch_ManyAtOnce_OneBringsAndTheOthersWait()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Task.Run(() => place.FetchAsync(Uri))));

        results.Should().OnlyContain(r => r.Code == FetchExitCode.Success);
        server.BytesSent.Should().BeLessThan(TinyModelSource.TotalBytes + 1000);
        place.Log.ToString().Should().Contain("waiting for another fetch");
    }

    [Fact]
    public async Task Fetch_SecretsInTheUri_AreShownNowhere()
    {
        var uri = $"http://user:pa55word@{server.Authority}/models/tiny?signature=s3cret";

        var result = await place.FetchAsync(uri);
        var absent = await place.FetchAsync(uri.Replace("/tiny", "/absent", StringComparison.Ordinal));

        result.Code.Should().Be(FetchExitCode.Success, result.Message);
        absent.Code.Should().Be(FetchExitCode.NotFound);
        server.Requests.Should().OnlyContain(r => r.Target.EndsWith("?signature=s3cret", StringComparison.Ordinal) && r.Authorization!.StartsWith("Basic ", StringComparison.Ordinal));
        var everything = result.Message + absent.Message + place.Log + File.ReadAllText(Path.Combine(place.EntryOf(uri), ".octavo-complete"));
        everything.Should().NotContain("s3cret").And.NotContain("pa55word");
    }

    [Fact]
    public async Task Fetch_Output_IsTheModelAndIsNeverSomebodyElses()
    {
        var output = Path.Combine(place.Root, "here");
        var result = await place.FetchAsync(Uri, o => o with { CacheDirectory = null, Output = output });
        var other = Path.Combine(place.Root, "photos");
        Directory.CreateDirectory(other);
        File.WriteAllText(Path.Combine(other, "cat.jpg"), "cat");

        var refused = await place.FetchAsync(Uri, o => o with { CacheDirectory = null, Output = other });

        result.Code.Should().Be(FetchExitCode.Success, result.Message);
        FetchWorkplace.ShouldBeTinyModel(output);
        refused.Code.Should().Be(FetchExitCode.Usage);
        File.Exists(Path.Combine(other, "cat.jpg")).Should().BeTrue();
    }

    [Fact]
    public async Task Fetch_RedirectToAnotherOrigin_GoesWithoutTheToken()
    {
        await using var elsewhere = (await FileServer.StartAsync()).Add("/models/tiny", Repository.TinyModel);
        place.Variables["OCTAVO_FETCH_TOKEN"] = "t0ken";
        server.Intercept = context =>
        {
            if (!context.Request.Path.Value!.EndsWith(".safetensors", StringComparison.Ordinal))
            {
                return Task.FromResult(false);
            }

            context.Response.StatusCode = 302;
            context.Response.Headers.Location = $"{elsewhere.Url}{context.Request.Path}";
            return Task.FromResult(true);
        };

        ShouldBePublished(await place.FetchAsync(Uri));
        server.Requests.Should().OnlyContain(r => r.Authorization == "Bearer t0ken");
        elsewhere.Requests.Should().NotBeEmpty().And.OnlyContain(r => r.Authorization == null);
    }

    [Fact]
    public async Task Fetch_NamedGguf_BringsItAlone()
    {
        server.Files["/gguf/m-Q4.gguf"] = File.ReadAllBytes(GgufFile);
        server.Files["/gguf/m-Q8.gguf"] = [.. "GGUF"u8, 1];
        server.Files["/gguf/tokenizer.json"] = File.ReadAllBytes(Path.Combine(Repository.TinyModel, "tokenizer.json"));

        var result = await place.FetchAsync($"{server.Url}/gguf/m-Q4.gguf");

        result.Code.Should().Be(FetchExitCode.Success, result.Message);
        File.ReadAllBytes(Path.Combine(place.EntryOf($"{server.Url}/gguf/m-Q4.gguf"), "m-Q4.gguf")).Should().Equal(server.Files["/gguf/m-Q4.gguf"]);
        server.Requests.Should().NotContain(r => r.Target.Contains("Q8", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Fetch_DamagedGguf_IsNotPublished()
    {
        server.Files["/gguf/m-Q4.gguf"] = [.. "GGUF"u8, .. new byte[200_000]];

        var result = await place.FetchAsync($"{server.Url}/gguf/m-Q4.gguf");

        result.Code.Should().Be(FetchExitCode.InvalidModel);
        result.Message.Should().Contain("m-Q4.gguf").And.Contain("GGUF version 0");
        Directory.Exists(place.EntryOf($"{server.Url}/gguf/m-Q4.gguf")).Should().BeFalse();
    }

    [Fact]
    public async Task Fetch_ManifestWithOneGguf_NeedsNoName()
    {
        server.Files["/gguf/m-Q4.gguf"] = File.ReadAllBytes(GgufFile);
        server.Files["/gguf/tokenizer.json"] = File.ReadAllBytes(Path.Combine(Repository.TinyModel, "tokenizer.json"));
        server.Files["/gguf/SHA256SUMS"] = Sums(new[] { "m-Q4.gguf", "tokenizer.json" }.Select(name => (Convert.ToHexStringLower(SHA256.HashData(server.Files[$"/gguf/{name}"])), name)));

        var result = await place.FetchAsync($"{server.Url}/gguf/");

        result.Code.Should().Be(FetchExitCode.Success, result.Message);
        result.Message.Should().Contain("LlamaForCausalLM");
    }

    private static string GgufFile => Path.Combine(Repository.Root, "tests", "ServingRuntime.Engine.Tests", "Fixtures", "gguf", "llama.gguf");

    private static byte[] Sums(IEnumerable<(string Digest, string File)> lines) => System.Text.Encoding.UTF8.GetBytes(string.Concat(lines.Select(l => $"{l.Digest}  {l.File}\n")));

    private void ShouldBePublished(FetchResult result, string? sha256 = null)
    {
        result.Code.Should().Be(FetchExitCode.Success, result.Message + place.Log);
        FetchWorkplace.ShouldBeTinyModel(place.EntryOf(Uri, sha256));
    }
}
