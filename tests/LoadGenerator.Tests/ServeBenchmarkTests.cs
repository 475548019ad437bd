using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Octavo.LoadGenerator.Configuration;

namespace Octavo.LoadGenerator.Tests;

public sealed class ServeBenchmarkTests : IAsyncLifetime
{
    private readonly ConcurrentQueue<JsonElement> bodies = new();
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();
    private WebApplication server = null!;
    private int inFlight;
    private int mostInFlight;
    private Func<int, bool> fails = _ => false;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        server = builder.Build();
        server.MapGet("/v1/models", () => """{"object":"list","data":[{"id":"served"}]}""");
        server.MapPost("/v1/chat/completions", AnswerAsync);
        await server.StartAsync();
    }

    public async Task DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task Run_Requests_AreMeasuredAndReported()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            var exitCode = await RunAsync(new ServeOptions { NumPrompts = 12, MaxConcurrency = 3, RandomInputLen = 30, RandomOutputLen = 4, JsonPath = path });

            exitCode.Should().Be(0, error.ToString());
            bodies.Should().HaveCount(14, "two probes come first");
            mostInFlight.Should().BeInRange(1, 3);
            bodies.Should().OnlyContain(b => b.GetProperty("model").GetString() == "served" && b.GetProperty("stream").GetBoolean());
            // The fake server counts two tokens a word: 30 tokens are 15 words.
            bodies.Skip(2).Should().OnlyContain(b => b.GetProperty("messages")[0].GetProperty("content").GetString()!.Split(' ', StringSplitOptions.None).Length == 15);
            var json = JsonDocument.Parse(await File.ReadAllTextAsync(path)).RootElement;
            json.GetProperty("completed").GetInt32().Should().Be(12);
            json.GetProperty("total_output_tokens").GetInt32().Should().Be(12 * 4);
            json.GetProperty("mean_ttft_ms").GetDouble().Should().BePositive();
            json.GetProperty("request_rate").GetString().Should().Be("inf");
            output.ToString().Should().Contain("12 completed, 0 failed").And.Contain("time to first token").And.NotContain("\u001b");
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task Run_SomeFail_ExitsOneAndSaysWhyEvenWhenQuiet()
    {
        fails = request => request > 4;

        var exitCode = await RunAsync(new ServeOptions { NumPrompts = 4, MaxConcurrency = 1, Quiet = true });

        exitCode.Should().Be(1);
        output.ToString().Should().BeEmpty();
        error.ToString().Should().StartWith("2 failed: HTTP 503");
    }

    [Fact]
    public async Task Run_NoServer_ExitsOneWithASentence()
    {
        await server.StopAsync();

        (await RunAsync(new ServeOptions())).Should().Be(1);
        error.ToString().Should().Contain(server.Urls.FirstOrDefault() ?? "127.0.0.1");
    }

    [Fact]
    public async Task Run_ForATime_StopsSending()
    {
        var exitCode = await RunAsync(new ServeOptions { Duration = TimeSpan.FromMilliseconds(50), MaxConcurrency = 2, Quiet = true });

        exitCode.Should().Be(0, error.ToString());
    }

    private Task<int> RunAsync(ServeOptions options) =>
        new ServeBenchmark(options with { BaseUrl = server.Urls.FirstOrDefault() ?? "http://127.0.0.1:9" }, TimeProvider.System, output, error).RunAsync(CancellationToken.None);

    private async Task AnswerAsync(HttpContext context)
    {
        var now = Interlocked.Increment(ref inFlight);
        InterlockedMax(ref mostInFlight, now);
        var body = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
        bodies.Enqueue(body);
        if (fails(bodies.Count))
        {
            context.Response.StatusCode = 503;
        }
        else
        {
            var words = body.GetProperty("messages")[0].GetProperty("content").GetString()!.Split(' ').Length;
            var tokens = body.GetProperty("max_tokens").GetInt32();
            context.Response.ContentType = "text/event-stream";
            for (var i = 0; i < tokens; i++)
            {
                await context.Response.WriteAsync("data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n");
                await context.Response.Body.FlushAsync();
            }

            await context.Response.WriteAsync($"data: {{\"choices\":[],\"usage\":{{\"prompt_tokens\":{10 + (2 * words)},\"completion_tokens\":{tokens}}}}}\n\ndata: [DONE]\n\n");
        }

        Interlocked.Decrement(ref inFlight);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value > seen;)
        {
            seen = Interlocked.CompareExchange(ref target, value, seen) is var before && before == seen ? value : before;
        }
    }
}
