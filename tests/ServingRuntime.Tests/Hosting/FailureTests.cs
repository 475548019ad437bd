using System.Buffers.Binary;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Tests.Core;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Hosting;

public sealed class FailureTests
{
    [Fact]
    public async Task Step_Throws_EndsRequestsWith500AndTheProcessWithOne()
    {
        var core = new ScriptedEngineCore(_ => Enumerable.Repeat(70, 1000).ToList()) { Steps = new SemaphoreSlim(0) };
        await using var server = await RunningServer.StartAsync(core);
        var streamed = server.PostAsync("""{"prompt": "x", "stream": true}""");
        await Eventually.HoldsAsync(() => server.Host.Loaded!.Llm.InFlight == 1, "the streamed request is in flight");
        core.Steps.Release(1);
        using var stream = await streamed;
        var whole = server.PostAsync("""{"prompt": "x"}""");
        await Eventually.HoldsAsync(() => server.Host.Loaded!.Llm.InFlight == 2, "both requests are in flight");

        core.Fault = new InvalidOperationException("boom");
        core.Steps.Release(1);

        using var answer = await whole;
        answer.StatusCode.Should().Be(HttpStatusCode.InternalServerError);
        var error = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync()).GetProperty("error");
        error.GetProperty("code").GetString().Should().Be("engine_failed");
        error.GetProperty("message").GetString().Should().NotContain("boom", "what is inside stays inside");
        var events = (await stream.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        events[^2].Should().Contain("engine_failed");
        events[^1].Should().Be("data: [DONE]");
        server.Host.IsReady.Should().BeFalse();
        server.Host.Loaded!.Llm.IsHealthy.Should().BeFalse();
        (await server.Exit.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System)).Should().Be(1);
        server.LastWords.Should().Be("The engine has failed: boom");
    }

    [Fact]
    public async Task Step_DoesNotEnd_TurnsHealthAndReadinessUntilItDoes()
    {
        var clock = new FakeTimeProvider();
        var core = new ScriptedEngineCore(_ => [70, 2]) { Steps = new SemaphoreSlim(0) };
        await using var server = await RunningServer.StartAsync(core, clock, o => o with { StallTimeout = TimeSpan.FromSeconds(30), RequestTimeout = null });
        var stuck = server.PostAsync("""{"prompt": "x"}""");
        await Eventually.HoldsAsync(() => core.HasUnfinishedRequests, "the engine is in its step");

        clock.Advance(TimeSpan.FromSeconds(29));
        (await server.Client.GetAsync("/health")).StatusCode.Should().Be(HttpStatusCode.OK);
        clock.Advance(TimeSpan.FromSeconds(2));

        (await server.Client.GetAsync("/health")).StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        (await server.Client.GetAsync("/ready")).StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        core.Steps.Release(10);
        (await stuck).StatusCode.Should().Be(HttpStatusCode.OK);
        await Eventually.HoldsAsync(() => server.Host.IsReady, "the engine moves again");
        (await server.Client.GetAsync("/health")).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Request_DeadlinePassesInAStuckStep_Is504OrAnErrorEvent(bool stream)
    {
        var clock = new FakeTimeProvider();
        var core = new ScriptedEngineCore(_ => Enumerable.Repeat(70, 1000).ToList()) { Steps = new SemaphoreSlim(0) };
        await using var server = await RunningServer.StartAsync(core, clock, o => o with { RequestTimeout = TimeSpan.FromSeconds(30) });
        var sent = server.PostAsync($$"""{"prompt": "x", "stream": {{(stream ? "true" : "false")}}}""");
        core.Steps.Release(1);
        await Eventually.HoldsAsync(() => server.Host.Loaded!.Llm.LiveRequests is [{ GeneratedTokens: 1 }], "a token has come");

        clock.Advance(TimeSpan.FromSeconds(31));

        using var answer = await sent;
        var text = await answer.Content.ReadAsStringAsync();
        text.Should().Contain("deadline_exceeded");
        answer.StatusCode.Should().Be(stream ? HttpStatusCode.OK : HttpStatusCode.GatewayTimeout);
        core.Steps.Release(10);
        await Eventually.HoldsAsync(() => core.Aborted.Count == 1, "the engine drops it");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Client_Disconnects_FreesTheBlocksOfARealEngineWithinOneStep(bool stream)
    {
        var core = new GatedEngineCore(EngineCoreFactory.Create(new EngineOptions { Device = "cpu", ModelPath = Repository.TinyModel, CpuThreads = 1, NumBlocksOverride = 256 }, TimeProvider.System, NullLogger.Instance));
        await using var server = await RunningServer.StartAsync(core);
        using var leave = new CancellationTokenSource();
        var llm = server.Host.Loaded!.Llm;
        var sent = server.PostAsync($$"""{"prompt": "x", "max_tokens": 900, "ignore_eos": true, "stream": {{(stream ? "true" : "false")}}}""", leave.Token);
        core.Steps.Release(3);
        await Eventually.HoldsAsync(() => llm.LiveRequests is [{ GeneratedTokens: > 0 }] && llm.Stats is { KVCacheUsage: > 0, Steps: 3 }, "three steps are done");

        if (stream)
        {
            (await sent).Dispose();
        }

        await leave.CancelAsync();
        await sent.ContinueWith(_ => { }, TaskScheduler.Default);
        await Eventually.HoldsAsync(() => llm.InFlight == 0, "the server knows");
        core.Steps.Release(1);

        await Eventually.HoldsAsync(() => llm.Stats is { NumRunning: 0, KVCacheUsage: 0 }, "its blocks are free after the step that was under way");
        (await server.Client.GetStringAsync("/metrics")).Should().Contain("finished_reason=\"abort\",model_name=\"octavo-tiny\"} 1\n");
    }

    [Fact]
    public async Task Logits_AreNotNumbers_FailTheRequestAndNotTheServer()
    {
        var folder = Directory.CreateTempSubdirectory("octavo-nan-");
        try
        {
            foreach (var file in Directory.GetFiles(Repository.TinyModel))
            {
                File.Copy(file, Path.Combine(folder.FullName, Path.GetFileName(file)));
            }

            Poison(Path.Combine(folder.FullName, "model.safetensors"), "model.norm.weight");
            await using var server = await RunningServer.StartAsync(model: folder.FullName);

            using var answer = await server.PostAsync("""{"prompt": "x"}""");

            answer.StatusCode.Should().Be(HttpStatusCode.InternalServerError);
            (await answer.Content.ReadAsStringAsync()).Should().Contain("engine_error");
            (await server.Client.GetStringAsync("/metrics")).Should().MatchRegex("vllm:corrupted_requests_total\\{[^}]*\\} 1\n");
            using var input = new StringContent("""{"input": "x"}""", System.Text.Encoding.UTF8, "application/json");
            using var embedding = await server.Client.PostAsync("/v1/embeddings", input);
            embedding.StatusCode.Should().Be(HttpStatusCode.InternalServerError, "the model is at fault, not the client");
            (await server.Client.GetStringAsync("/metrics")).Should().MatchRegex("vllm:corrupted_requests_total\\{[^}]*\\} 2\n");
            (await server.Client.GetAsync("/health")).StatusCode.Should().Be(HttpStatusCode.OK);
            server.Host.IsReady.Should().BeTrue();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Makes every element of a bf16 tensor NaN.</summary>
    private static void Poison(string safetensors, string tensor)
    {
        var bytes = File.ReadAllBytes(safetensors);
        var header = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        var entry = JsonSerializer.Deserialize<JsonElement>(bytes.AsSpan(8, header)).GetProperty(tensor);
        entry.GetProperty("dtype").GetString().Should().Be("BF16");
        var (from, to) = (entry.GetProperty("data_offsets")[0].GetInt32(), entry.GetProperty("data_offsets")[1].GetInt32());
        for (var at = 8 + header + from; at < 8 + header + to; at += 2)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), 0x7FC0);
        }

        File.Delete(safetensors);
        File.WriteAllBytes(safetensors, bytes);
    }
}
