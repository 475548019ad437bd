using System.Text.Json;
using Octavo.LoadGenerator.Configuration;
using Octavo.LoadGenerator.Workload;

namespace Octavo.LoadGenerator.Tests;

public sealed class ServeBenchmarkTests : IAsyncLifetime
{
    private readonly FakeServer server = new();
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public Task InitializeAsync() => server.StartAsync();

    public async Task DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task Run_Requests_AreMeasuredAndReported()
    {
        var json = await RunToJsonAsync(new ServeOptions { NumPrompts = 12, MaxConcurrency = 3, InputLen = LengthDistribution.Fixed(30), OutputLen = LengthDistribution.Fixed(4), NumWarmups = 2, SaveDetailed = true });

        server.Bodies.Should().HaveCount(16, "two probes and two warm-ups come first");
        server.MostInFlight.Should().BeInRange(1, 3);
        server.Bodies.Should().OnlyContain(b => b.GetProperty("model").GetString() == "served" && b.GetProperty("stream").GetBoolean());
        // The fake server counts two tokens a word: 30 tokens are 15 words.
        server.Bodies.Skip(2).Should().OnlyContain(b => b.GetProperty("messages")[0].GetProperty("content").GetString()!.Split(' ', StringSplitOptions.None).Length == 15);
        json.GetProperty("completed").GetInt32().Should().Be(12);
        json.GetProperty("total_output_tokens").GetInt32().Should().Be(12 * 4);
        json.GetProperty("mean_ttft_ms").GetDouble().Should().BePositive();
        json.GetProperty("request_rate").GetString().Should().Be("inf");
        json.GetProperty("client").GetProperty("cpu_share").GetDouble().Should().BePositive();
        json.GetProperty("server").GetProperty("prefix_cache_hit_rate").GetDouble().Should().Be(0.5);
        json.GetProperty("itls").GetArrayLength().Should().Be(12);
        output.ToString().Should().Contain("12 completed, 0 failed").And.Contain("time to first token").And.Contain("prefix cache hits").And.NotContain("\u001b");
    }

    [Fact]
    public async Task Run_SomeFail_ExitsOneAndSaysWhyEvenWhenQuiet()
    {
        server.Fails = request => request > 4;

        var exitCode = await RunAsync(new ServeOptions { NumPrompts = 4, MaxConcurrency = 1, Quiet = true });

        exitCode.Should().Be(1);
        output.ToString().Should().BeEmpty();
        error.ToString().Should().StartWith("2 failed: HTTP 503");
    }

    [Fact]
    public async Task Run_NoServer_ExitsOneWithASentence()
    {
        var url = server.Url;
        await server.DisposeAsync();

        (await RunAsync(new ServeOptions { BaseUrl = url })).Should().Be(1);
        error.ToString().Should().Contain(url);
    }

    [Fact]
    public async Task Run_ServerThatIsNotReadyYet_IsWaitedFor()
    {
        server.Fails = request => request <= 2;

        (await RunAsync(new ServeOptions { NumPrompts = 1, MaxConcurrency = 1, Quiet = true, ReadyTimeout = TimeSpan.FromMinutes(1) })).Should().Be(0, error.ToString());
    }

    [Fact]
    public async Task Run_ForATime_StopsSending()
    {
        var exitCode = await RunAsync(new ServeOptions { Duration = TimeSpan.FromMilliseconds(50), MaxConcurrency = 2, Quiet = true });

        exitCode.Should().Be(0, error.ToString());
    }

    [Fact]
    public async Task Run_OpenLoopBehindABound_CountsTheLatencyFromTheArrival()
    {
        // All arrive in the first moment; the server takes one at a time and each holds it for a while.
        server.Delay = TimeSpan.FromMilliseconds(10);
        var json = await RunToJsonAsync(new ServeOptions { NumPrompts = 8, MaxConcurrency = 1, RequestRate = 100_000, OutputLen = LengthDistribution.Fixed(1) });

        json.GetProperty("max_send_delay_ms").GetDouble().Should().BeGreaterThan(60);
        json.GetProperty("max_arrival_ttft_ms").GetDouble().Should().BeGreaterThan(json.GetProperty("max_ttft_ms").GetDouble());
        output.ToString().Should().Contain("since arrival");
    }

    [Fact]
    public async Task Run_OpenLoop_DoesNotWaitForAnswers()
    {
        server.Hold();
        var run = RunAsync(new ServeOptions { NumPrompts = 20, RequestRate = 10_000, Quiet = true, NoMetrics = true });
        await TestSupport.Eventually.HoldsAsync(() => server.InFlight == 20, "all requests are sent although none is answered");
        server.Release();

        (await run).Should().Be(0, error.ToString());
    }

    [Fact]
    public async Task Run_Conversations_RepeatWhatWasSaid()
    {
        await RunToJsonAsync(new ServeOptions
        {
            NumPrompts = 5, MaxConcurrency = 1, Dataset = DatasetKind.Conversations, PrefixLen = 10, Turns = LengthDistribution.Fixed(3), InputLen = LengthDistribution.Fixed(4), OutputLen = LengthDistribution.Fixed(2),
        });
        var sent = server.Bodies.Skip(2).Select(b => b.GetProperty("messages").EnumerateArray().Select(m => m.GetProperty("role").GetString() + ":" + m.GetProperty("content").GetString()).ToArray()).ToArray();

        sent.Select(m => m.Length).Should().Equal([2, 4, 6, 2, 4], "turns are requests, and the last conversation is cut at five");
        sent[2][..4].Should().Equal(sent[1]);
        sent[1][2].Should().Be("assistant:xx");
        sent[3][0].Should().Be(sent[0][0]).And.StartWith("system:");
    }

    [Fact]
    public async Task Run_Embeddings_AreTimedWhole()
    {
        var json = await RunToJsonAsync(new ServeOptions { Endpoint = "/v1/embeddings", NumPrompts = 3, MaxConcurrency = 1 });

        json.GetProperty("completed").GetInt32().Should().Be(3);
        json.GetProperty("total_output_tokens").GetInt32().Should().Be(0);
        json.GetProperty("mean_e2el_ms").GetDouble().Should().BePositive();
    }

    [Fact]
    public async Task Run_Trace_TakesItsArrivals()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".csv");
        try
        {
            await File.WriteAllTextAsync(path, "t_s,input_tokens,output_tokens\n0,8,2\n100,8,3\n");
            var json = await RunToJsonAsync(new ServeOptions { Dataset = DatasetKind.Trace, DatasetPath = path, TimeScale = 5000, SaveDetailed = true });

            json.GetProperty("completed").GetInt32().Should().Be(2);
            json.GetProperty("scheduled_times").EnumerateArray().Select(t => t.GetDouble()).Should().Equal(0, 0.02);
            json.GetProperty("total_output_tokens").GetInt32().Should().Be(5);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private Task<int> RunAsync(ServeOptions options) =>
        new ServeBenchmark(options.BaseUrl == new ServeOptions().BaseUrl ? options with { BaseUrl = server.Url } : options, TimeProvider.System, output, error).RunAsync(CancellationToken.None);

    private async Task<JsonElement> RunToJsonAsync(ServeOptions options)
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            (await RunAsync(options with { JsonPath = path })).Should().Be(0, error.ToString());
            return JsonDocument.Parse(await File.ReadAllTextAsync(path)).RootElement;
        }
        finally
        {
            File.Delete(path);
        }
    }
}
