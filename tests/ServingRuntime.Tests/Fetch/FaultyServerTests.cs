using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Fetch;

/// <summary>A fetch from a server that misbehaves in every way that servers do.</summary>
public sealed class FaultyServerTests : IAsyncLifetime, IDisposable
{
    private readonly FetchWorkplace place = new();
    private FileServer server = null!;

    private string Uri => $"{server.Url}/models/tiny/";

    public async Task InitializeAsync() => server = (await FileServer.StartAsync()).Add("/models/tiny", Repository.TinyModel);

    public async Task DisposeAsync() => await server.DisposeAsync();

    public void Dispose() => place.Dispose();

    [Fact]
    public async Task Fetch_ConnectionIsCutAgainAndAgain_GoesOnWhereItEnded()
    {
        var random = new Random(5);
        server.Intercept = async context =>
        {
            if (context.Request.Headers.Range.Count == 0 || random.Next(3) > 0)
            {
                return false;
            }

            var content = TinyModelSource.Weights;
            context.Response.StatusCode = 206;
            var from = int.Parse(context.Request.Headers.Range.ToString()["bytes=".Length..].Split('-')[0], System.Globalization.CultureInfo.InvariantCulture);
            var to = int.Parse(context.Request.Headers.Range.ToString().Split('-')[1], System.Globalization.CultureInfo.InvariantCulture);
            context.Response.Headers.ContentRange = $"bytes {from}-{to}/{content.Length}";
            await server.CutAsync(context, content[from..(to + 1)], (to - from) / 2);
            return true;
        };

        ShouldBePublished(await place.FetchAsync(Uri));
        place.Log.ToString().Should().Contain("trying again in");
    }

    [Theory]
    [InlineData(429, FetchExitCode.RateLimited)]
    [InlineData(503, FetchExitCode.Network)]
    public async Task Fetch_ServerIsBusy_WaitsAsLongAsItAsks(int status, FetchExitCode code)
    {
        var refusals = 3;
        server.Intercept = context =>
        {
            if (!context.Request.Path.Value!.EndsWith("model.safetensors", StringComparison.Ordinal) || Interlocked.Decrement(ref refusals) < 0)
            {
                return Task.FromResult(false);
            }

            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = "20";
            return Task.FromResult(true);
        };

        ShouldBePublished(await place.FetchAsync(Uri));
        place.Log.ToString().Should().MatchRegex("trying again in 2[0-9]\\.");

        refusals = int.MaxValue;
        var never = await place.FetchAsync(Uri + "?again", o => o with { Attempts = 3 });
        never.Code.Should().Be(code);
        never.Message.Should().Contain("3 tries").And.NotContain("again");
    }

    [Fact]
    public async Task Fetch_ServerAsksToWaitForAnHour_GivesUpAtOnce()
    {
        server.Intercept = context =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = "3600";
            return Task.FromResult(true);
        };

        var result = await place.FetchAsync(Uri);

        result.Code.Should().Be(FetchExitCode.RateLimited);
        result.Message.Should().Contain("3600 s");
    }

    [Fact]
    public async Task Fetch_ConnectionFallsSilent_IsGivenUpAndRetried()
    {
        var silent = 2;
        server.Intercept = async context =>
        {
            if (context.Request.Headers.Range.Count == 0 || Interlocked.Decrement(ref silent) < 0)
            {
                return false;
            }

            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };

        // Of the hurried clock: a quarter of a second.
        ShouldBePublished(await place.FetchAsync(Uri, o => o with { StallTimeout = TimeSpan.FromSeconds(250) }));
        place.Log.ToString().Should().Contain("brought nothing for 250 s");
    }

    [Fact]
    public async Task Fetch_ServerHasNoRanges_BringsTheFileWhole()
    {
        server.HasRanges = false;

        ShouldBePublished(await place.FetchAsync(Uri));
    }

    [Fact]
    public async Task Fetch_ServerHasNoRangesAndCuts_Recovers()
    {
        server.HasRanges = false;
        var cuts = 4;
        server.Intercept = async context =>
        {
            if (context.Request.Method != "GET" || !context.Request.Path.Value!.EndsWith("model.safetensors", StringComparison.Ordinal) || Interlocked.Decrement(ref cuts) < 0)
            {
                return false;
            }

            await server.CutAsync(context, TinyModelSource.Weights, 300_000);
            return true;
        };

        ShouldBePublished(await place.FetchAsync(Uri));
    }

    [Fact]
    public async Task Fetch_FileChangesMeanwhile_StartsThatFileAgain()
    {
        var changed = TinyModelSource.Weights;
        changed[^1] ^= 1;
        var parts = 0;
        server.Intercept = context =>
        {
            if (context.Request.Headers.Range.Count > 0 && Interlocked.Increment(ref parts) == 10)
            {
                server.Files["/models/tiny/model.safetensors"] = changed;
            }

            return Task.FromResult(false);
        };

        var result = await place.FetchAsync(Uri);

        result.Code.Should().Be(FetchExitCode.Success, result.Message);
        File.ReadAllBytes(Path.Combine(place.EntryOf(Uri), "model.safetensors")).Should().Equal(changed);
        place.Log.ToString().Should().Contain("changed at its source");
    }

    [Fact]
    public async Task Fetch_WrongLength_IsNoticed()
    {
        server.Intercept = async context =>
        {
            if (!context.Request.Path.Value!.EndsWith("tokenizer.json", StringComparison.Ordinal) || context.Request.Method != "GET")
            {
                return false;
            }

            await server.ServeAsync(context, "{}"u8.ToArray());
            return true;
        };
        server.HasETags = false;

        var result = await place.FetchAsync(Uri);

        result.Code.Should().Be(FetchExitCode.Network);
        result.Message.Should().Contain("tokenizer.json");
        Directory.Exists(place.EntryOf(Uri)).Should().BeFalse();
    }

    [Fact]
    public async Task Fetch_ContentIsDamagedOnce_Recovers()
    {
        server.Files["/models/tiny/SHA256SUMS"] = Sums(TinyModelSource.Files.Select(f => (TinyModelSource.Sha256(f), f)));
        var damages = 1;
        server.HasETags = false;
        server.Intercept = async context =>
        {
            if (context.Request.Method != "GET" || !context.Request.Path.Value!.EndsWith("config.json", StringComparison.Ordinal) || Interlocked.Decrement(ref damages) < 0)
            {
                return false;
            }

            var content = (byte[])server.Files[context.Request.Path.Value].Clone();
            content[0] ^= 0x80;
            await server.ServeAsync(context, content);
            return true;
        };

        ShouldBePublished(await place.FetchAsync(Uri));
    }

    [Fact]
    public async Task Fetch_Stopped_GoesOnLater()
    {
        using var stop = new CancellationTokenSource();
        var parts = 0;
        server.Intercept = context =>
        {
            if (context.Request.Headers.Range.Count > 0 && Interlocked.Increment(ref parts) == 20)
            {
                stop.Cancel();
            }

            return Task.FromResult(false);
        };
        var stopped = await place.FetchAsync(Uri, o => o with { Connections = 1 }, stop.Token);
        var first = server.BytesSent;

        var result = await place.FetchAsync(Uri);

        stopped.Code.Should().Be(FetchExitCode.Stopped);
        ShouldBePublished(result);
        (server.BytesSent - first).Should().BeLessThan(TinyModelSource.Weights.Length - 500_000, "the first parts were here");
        place.Log.ToString().Should().Contain("are here");
    }

    [Fact]
    public async Task Fetch_RedirectsWithoutEnd_Ends()
    {
        server.Intercept = context =>
        {
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = context.Request.Path.ToString();
            return Task.FromResult(true);
        };

        (await place.FetchAsync(Uri)).Code.Should().Be(FetchExitCode.Network);
    }

    [Theory]
    [InlineData(401, FetchExitCode.Unauthorized)]
    [InlineData(403, FetchExitCode.Unauthorized)]
    [InlineData(404, FetchExitCode.NotFound)]
    [InlineData(500, FetchExitCode.Network)]
    [InlineData(418, FetchExitCode.Unexpected)]
    public async Task Fetch_EveryAnswerIsARefusal_MapsToTheExitCode(int status, FetchExitCode code)
    {
        server.Intercept = context =>
        {
            context.Response.StatusCode = status;
            return Task.FromResult(true);
        };

        var result = await place.FetchAsync(Uri, o => o with { Attempts = 2 });

        result.Code.Should().Be(code, result.Message);
        result.Message.Should().Contain(Uri.TrimEnd('/'));
    }

    [Fact]
    public async Task Fetch_NobodyListens_IsTheNetworksFault()
    {
        var url = Uri;
        await server.DisposeAsync();

        (await place.FetchAsync(url, o => o with { Attempts = 2 })).Code.Should().Be(FetchExitCode.Network);
    }

    private static byte[] Sums(IEnumerable<(string Digest, string File)> lines) => System.Text.Encoding.UTF8.GetBytes(string.Concat(lines.Select(l => $"{l.Digest}  {l.File}\n")));

    private void ShouldBePublished(FetchResult result, string? sha256 = null)
    {
        result.Code.Should().Be(FetchExitCode.Success, result.Message + place.Log);
        FetchWorkplace.ShouldBeTinyModel(place.EntryOf(Uri, sha256));
    }
}
