using Octavo.ServingRuntime.Engine.Tests.Core;

namespace Octavo.ServingRuntime.Tests.Hosting;

public sealed class WarmUpTests
{
    [Fact]
    public async Task Start_WithWarmUp_LeavesNoTraceInMetricsOrCache()
    {
        await using var server = await RunningServer.StartAsync(configure: o => o with { WarmUp = true });

        var text = await server.Client.GetStringAsync("/metrics");
        text.Should().Contain("vllm:prompt_tokens_total{engine=\"0\",model_name=\"octavo-tiny\"} 0\n");
        text.Should().Contain("vllm:prefix_cache_queries_total{engine=\"0\",model_name=\"octavo-tiny\"} 0\n");
        text.Should().NotContain("vllm:iteration_tokens_total_count{engine=\"0\",model_name=\"octavo-tiny\"} 1");
        text.Should().Contain("vllm:kv_cache_usage_perc{engine=\"0\",model_name=\"octavo-tiny\"} 0\n");
        text.Should().MatchRegex("octavo_warm_up_seconds\\{engine=\"0\",model_name=\"octavo-tiny\"\\} [0-9.e-]*[1-9]");
        server.Host.Loaded!.Llm.LiveRequests.Should().BeEmpty();

        // The very prompt of the warm-up is not in the cache.
        using var answer = await server.PostAsync("""{"prompt": "Hello! What is 1 + 1?", "max_tokens": 2}""");
        (await answer.Content.ReadAsStringAsync()).Should().Contain("\"cached_tokens\":0");
    }

    [Fact]
    public async Task Start_EngineFailsOnTheWarmUp_EndsTheProcessAndSaysWhy()
    {
        var core = new ScriptedEngineCore(_ => [70]) { Fault = new InvalidOperationException("boom") };
        await using var server = await RunningServer.StartAsync(core, configure: o => o with { WarmUp = true }, waitUntilLoaded: false);

        (await server.Exit.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System)).Should().Be(1);
        server.LastWords.Should().Contain("the engine failed on a first request: boom");
        core.Disposed.Task.IsCompleted.Should().BeTrue();
    }
}
