using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Octavo.LoadGenerator.Tests;

/// <summary>An OpenAI endpoint that answers x for every token and counts two tokens a word.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int inFlight;
    private int mostInFlight;
    private int scrapes;

    public FakeServer()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.MapGet("/v1/models", () => """{"object":"list","data":[{"id":"served"}]}""");
        app.MapGet("/metrics", () => $"vllm:prefix_cache_queries_total {100 * Interlocked.Increment(ref scrapes)}\nvllm:prefix_cache_hits_total {50 * scrapes}\n");
        app.MapPost("/v1/chat/completions", AnswerAsync);
        app.MapPost("/v1/embeddings", async context => await context.Response.WriteAsync("""{"object":"list","data":[{"embedding":[0.5,1]}],"usage":{"prompt_tokens":9,"total_tokens":9}}"""));
        gate.SetResult();
    }

    public ConcurrentQueue<JsonElement> Bodies { get; } = new();

    public string Url => app.Urls.First();

    public int InFlight => Volatile.Read(ref inFlight);

    public int MostInFlight => mostInFlight;

    /// <summary>Whether the n-th request, from 1, gets 503.</summary>
    public Func<int, bool> Fails { get; set; } = _ => false;

    /// <summary>Before the first token.</summary>
    public TimeSpan Delay { get; set; }

    public Task StartAsync() => app.StartAsync();

    /// <summary>Requests of more than one token wait until <see cref="Release"/>.</summary>
    public void Hold() => gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => gate.SetResult();

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var now = Interlocked.Increment(ref inFlight);
        InterlockedMax(ref mostInFlight, now);
        var body = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
        Bodies.Enqueue(body);
        if (Fails(Bodies.Count))
        {
            context.Response.StatusCode = 503;
        }
        else
        {
            await StreamAsync(context.Response, body);
        }

        Interlocked.Decrement(ref inFlight);
    }

    private async Task StreamAsync(HttpResponse response, JsonElement body)
    {
        var words = body.GetProperty("messages").EnumerateArray().Sum(m => m.GetProperty("content").GetString()!.Split(' ').Length);
        var tokens = body.GetProperty("max_tokens").GetInt32();
        if (tokens > 1)
        {
            await gate.Task;
        }

        if (Delay > TimeSpan.Zero)
        {
            await Task.Delay(Delay, TimeProvider.System);
        }

        response.ContentType = "text/event-stream";
        for (var i = 0; i < tokens; i++)
        {
            await response.WriteAsync("data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n");
            await response.Body.FlushAsync();
        }

        await response.WriteAsync($"data: {{\"choices\":[],\"usage\":{{\"prompt_tokens\":{10 + (2 * words)},\"completion_tokens\":{tokens}}}}}\n\ndata: [DONE]\n\n");
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value > seen;)
        {
            seen = Interlocked.CompareExchange(ref target, value, seen) is var before && before == seen ? value : before;
        }
    }
}
