using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch;
using Octavo.ServingRuntime.Fetch.Transfer;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Fetch;

/// <summary>What a fetch tells of itself while it runs, how long it may run, and a look that brings nothing.</summary>
public sealed class FetchProgressTests : IAsyncLifetime, IDisposable
{
    private readonly FetchWorkplace place = new();
    private FileServer server = null!;

    private string Uri => $"{server.Url}/models/tiny/";

    public async Task InitializeAsync() => server = (await FileServer.StartAsync()).Add("/models/tiny", Repository.TinyModel);

    public async Task DisposeAsync() => await server.DisposeAsync();

    public void Dispose() => place.Dispose();

    [Fact]
    public async Task Fetch_UnderWay_TellsProgressOverHttp()
    {
        using var reached = new SemaphoreSlim(0);
        using var release = new SemaphoreSlim(0);
        server.Intercept = async context =>
        {
            if (context.Request.Path.Value!.EndsWith("model.safetensors", StringComparison.Ordinal) && context.Request.Headers.Range.Count > 0)
            {
                reached.Release();
                await release.WaitAsync(context.RequestAborted);
                release.Release();
            }

            return false;
        };
        var board = new ProgressBoard();
        await using var endpoint = await ProgressEndpoint.StartAsync(board, "127.0.0.1", 0, place.Environment, CancellationToken.None);
        var fetch = new ModelFetcher(place.Options(Uri), place.Environment, board).FetchAsync(CancellationToken.None);
        (await reached.WaitAsync(TimeSpan.FromMinutes(2))).Should().BeTrue();
        using var http = new HttpClient();
        var during = FetchProgress.Parse(await http.GetByteArrayAsync(endpoint.Url + ServingPaths.FetchProgress));
        release.Release();

        (await fetch).Code.Should().Be(FetchExitCode.Success);
        during!.Phase.Should().Be(FetchPhase.Downloading);
        during.TotalBytes.Should().Be(TinyModelSource.TotalBytes);
        during.Bytes.Should().BeInRange(1, TinyModelSource.TotalBytes - 1);
        board.Read().Should().Be(new FetchProgress
        {
            Phase = FetchPhase.Complete, Bytes = TinyModelSource.TotalBytes, TotalBytes = TinyModelSource.TotalBytes, Sha256 = TinyModelSource.ManifestDigest,
        });
    }

    [Fact]
    public async Task Fetch_DeadlinePasses_KeepsWhatCameAndSaysHowMuch()
    {
        var held = true;
        server.Intercept = async context =>
        {
            if (held && context.Request.Path.Value!.EndsWith("model.safetensors", StringComparison.Ordinal) && context.Request.Headers.Range.Count > 0)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            }

            return false;
        };

        var late = await new ModelFetcher(place.Options(Uri) with { Deadline = TimeSpan.FromSeconds(2000) }, place.Environment, new ProgressBoard()).FetchAsync(CancellationToken.None);
        held = false;
        var next = await place.FetchAsync(Uri);

        late.Code.Should().Be(FetchExitCode.DeadlineExceeded);
        late.Message.Should().Contain("2000 s").And.Contain(" are here").And.NotContain("\n");
        next.Code.Should().Be(FetchExitCode.Success, next.Message);
    }

    [Fact]
    public async Task Fetch_CheckOnly_AsksNobodyAndFindsWhatIsWhole()
    {
        var before = await place.FetchAsync(Uri, o => o with { CheckOnly = true });
        var asked = server.Requests.Count;
        await place.FetchAsync(Uri);
        var after = await place.FetchAsync(Uri, o => o with { CheckOnly = true });
        File.WriteAllText(Path.Combine(place.EntryOf(Uri), "tokenizer.json"), "{");
        var damaged = await place.FetchAsync(Uri, o => o with { CheckOnly = true });

        (before.Code, asked).Should().Be((FetchExitCode.NotFound, 0));
        before.Message.Should().Contain("not in the cache");
        after.Code.Should().Be(FetchExitCode.Success, after.Message);
        damaged.Code.Should().Be(FetchExitCode.NotFound);
    }

    [Fact]
    public async Task StartAsync_PortIsTaken_SaysSoAndGoesOn()
    {
        await using var first = await ProgressEndpoint.StartAsync(new ProgressBoard(), "127.0.0.1", 0, place.Environment, CancellationToken.None);
        await using var second = await ProgressEndpoint.StartAsync(new ProgressBoard(), "127.0.0.1", new Uri(first.Url!).Port, place.Environment, CancellationToken.None);

        second.Url.Should().BeNull();
        place.Log.ToString().Should().Contain("progress cannot be told");
    }

    [Fact]
    public void Parse_WhatIsNoProgress_IsNull()
    {
        FetchProgress.Parse("fetch: 3 GiB"u8).Should().BeNull();
        FetchProgress.Parse("{}"u8).Should().BeNull();
        FetchProgress.Parse(new FetchProgress { Phase = FetchPhase.Waiting, Bytes = 5 }.ToJson()).Should().Be(new FetchProgress { Phase = FetchPhase.Waiting, Bytes = 5 });
    }
}
