using System.Net;
using System.Text.Json;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Tests.Hosting;
using Octavo.TestSupport;
using Octavo.TestSupport.Cuda;

namespace Octavo.ServingRuntime.Tests.Devices;

/// <summary>The server on a device, up to its exit code: what clients and probes see while it works, and when it is lost.</summary>
[Collection("device")]
public sealed class DeviceServingTests : IDisposable
{
    private readonly FakeMachine? machine = FakeMachine.WhyNot is null ? new FakeMachine() : null;

    public void Dispose() => machine?.Dispose();

    [SkippableFact]
    public async Task Completions_OnTheDevice_SameTokensWholeAndStreamedAsOnTheCpu()
    {
        await using var server = await StartAsync();
        await using var cpu = await RunningServer.StartAsync(Create("cpu"));
        const string request = """{"prompt": "Hello", "max_tokens": 5, "temperature": 0, "ignore_eos": true, "return_token_ids": true, "stream": false}""";
        using var whole = await server.PostAsync(request);
        using var expected = await cpu.PostAsync(request);
        var tokens = Tokens(await whole.Content.ReadAsStringAsync());
        tokens.Should().HaveCount(5).And.Equal(Tokens(await expected.Content.ReadAsStringAsync()));

        using var streamed = await server.PostAsync(request.Replace("\"stream\": false", "\"stream\": true", StringComparison.Ordinal));
        var events = (await streamed.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        events[^1].Should().Be("data: [DONE]");
        events[..^1].Select(line => line["data: ".Length..]).SelectMany(Tokens).Should().Equal(tokens);
        (await server.Client.GetAsync("/health")).StatusCode.Should().Be(HttpStatusCode.OK);
        var metrics = await server.Client.GetStringAsync("/metrics");
        metrics.Should().Contain("\noctavo_engine_healthy{").And.MatchRegex("\noctavo_device_lost{[^}]*device=\"cuda:0\"[^}]*} 0\n");
        (await cpu.Client.GetStringAsync("/metrics")).Should().Contain("octavo_engine_healthy{").And.NotContain("octavo_device_lost");
    }

    [SkippableTheory]
    [InlineData("cuLaunchKernel", 719, "cuLaunchKernel failed with 719 CUDA_ERROR_LAUNCH_FAILED (unspecified launch failure)")]
    [InlineData("cuEventSynchronize", 214, "cuEventSynchronize failed with 214 CUDA_ERROR_ECC_UNCORRECTABLE*drain the node and reset the device")]
    public async Task Step_DeviceIsLost_EndsRequestsAndTheProcessWithTheDriversWords(string call, int code, string words)
    {
        await using var server = await StartAsync();
        machine!.Driver.Fail(call, 40, code);
        using var answer = await server.PostAsync("""{"prompt": "Hello", "max_tokens": 200, "ignore_eos": true}""");
        answer.StatusCode.Should().Be(HttpStatusCode.InternalServerError);
        var error = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync()).GetProperty("error");
        error.GetProperty("code").GetString().Should().Be("engine_failed");
        error.GetProperty("message").GetString().Should().NotContain("CUDA", "what is inside is for whoever operates it");
        server.Host.Loaded!.Llm.IsHealthy.Should().BeFalse();
        (await server.Exit.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System)).Should().Be(1);
        server.LastWords.Should().Match("The engine has failed: *" + words);
    }

    /// <summary>Nobody asks anything of the model: the liveness probe asks the device.</summary>
    [SkippableFact]
    public async Task Health_DeviceIsLostWhileIdle_Is503WithTheDriversWordsAndTheProcessEnds()
    {
        await using var server = await StartAsync();
        (await server.Client.GetAsync("/health")).StatusCode.Should().Be(HttpStatusCode.OK);
        machine!.Driver.Fail("cuStreamSynchronize", 1, 214);
        using var health = await server.Client.GetAsync("/health");
        health.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        (await health.Content.ReadAsStringAsync()).Should().Match("the device has failed: waiting for the device: cuStreamSynchronize failed with 214 CUDA_ERROR_ECC_UNCORRECTABLE*");
        (await server.Exit.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System)).Should().Be(1);
        server.LastWords.Should().StartWith("The engine has failed: waiting for the device: cuStreamSynchronize failed with 214");
    }

    /// <summary>What four blocks cannot hold is copied to host memory and back.</summary>
    [SkippableFact]
    public async Task Completions_EvictedPrefixWithOffloading_SameTokensFromHostMemoryAndCounted()
    {
        Skip.If(FakeMachine.WhyNot is not null, FakeMachine.WhyNot);
        await using var server = await RunningServer.StartAsync(Create("cuda", options => options with { NumBlocksOverride = 5, MaxModelLen = 64, AdmissionWatermark = 0, KVOffloadingBytes = 1 << 20 }));
        var first = await AskAsync(3);
        await AskAsync(30);
        var again = await AskAsync(3);
        Tokens(again).Should().HaveCount(2).And.Equal(Tokens(first));
        JsonSerializer.Deserialize<JsonElement>(again).GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32().Should().Be(32);
        var metrics = await server.Client.GetStringAsync("/metrics");
        foreach (var name in (string[])["vllm:external_prefix_cache_hits_total", "vllm:external_prefix_cache_queries_total", "vllm:kv_offload_store_bytes_total", "vllm:kv_offload_load_bytes_total", "vllm:kv_offload_cpu_cache_usage_perc"])
        {
            metrics.Should().MatchRegex($"\n{name}{{[^}}]*}} [0-9.]*[1-9]", name);
        }

        metrics.Should().MatchRegex("source=\"external_kv_transfer\"} [1-9]");

        async Task<string> AskAsync(int from)
        {
            using var answer = await server.PostAsync($$"""{"prompt": [{{string.Join(',', Enumerable.Range(from, 40))}}], "max_tokens": 2, "temperature": 0, "ignore_eos": true, "return_token_ids": true}""");
            return await answer.Content.ReadAsStringAsync();
        }
    }

    private static int[] Tokens(string answer)
    {
        var choices = JsonSerializer.Deserialize<JsonElement>(answer).GetProperty("choices");
        return choices.GetArrayLength() > 0 && choices[0].TryGetProperty("token_ids", out var ids) && ids.ValueKind == JsonValueKind.Array ? [.. ids.EnumerateArray().Select(id => id.GetInt32())] : [];
    }

    private async Task<RunningServer> StartAsync()
    {
        Skip.If(FakeMachine.WhyNot is not null, FakeMachine.WhyNot);
        return await RunningServer.StartAsync(Create("cuda"));
    }

    private IEngineCore Create(string device, Func<EngineOptions, EngineOptions>? change = null) => EngineCoreFactory.Create(
        (change ?? (options => options))(new EngineOptions
        {
            ModelPath = Repository.TinyModel, Device = device, DType = "float32", MaxModelLen = 256, MaxNumSeqs = 2, MaxNumBatchedTokens = 16, NumBlocksOverride = 40, CpuThreads = 1,
        }),
        TimeProvider.System,
        Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance,
        machine!.Variable);
}
