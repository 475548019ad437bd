using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NSubstitute;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Tests.Core;
using Octavo.ServingRuntime.Hosting;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Hosting;

public sealed class LifecycleTests
{
    [Fact]
    public async Task Ready_WhileLoading_Is503AndHealthIs200()
    {
        using var mayLoad = new ManualResetEventSlim();
        await using var server = await TestApplication.StartLoadingAsync((_, _, _) =>
        {
            mayLoad.Wait();
            return TestApplication.Answering("ok");
        });

        (await server.Client.GetAsync("/ready")).StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        (await server.Client.GetAsync("/health")).StatusCode.Should().Be(HttpStatusCode.OK);
        var refused = await server.PostAsync("/v1/completions", """{"prompt": "x"}""");
        refused.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        refused.Headers.RetryAfter.Should().NotBeNull();

        mayLoad.Set();
        await Eventually.HoldsAsync(() => server.Host.Loaded is not null, "the model is loaded");

        (await server.Client.GetAsync("/ready")).StatusCode.Should().Be(HttpStatusCode.OK);
        (await server.GetJsonAsync("/v1/models")).GetProperty("data")[0].GetProperty("max_model_len").GetInt32().Should().Be(128);
    }

    [Fact]
    public async Task Loading_Fails_StopsTheServerAndKeepsTheReason()
    {
        await using var server = await TestApplication.StartLoadingAsync((_, _, _) => throw new EngineStartException("no such weights"));

        await server.App.WaitForShutdownAsync();

        server.Host.Failure.Should().BeOfType<EngineStartException>();
    }

    [Fact]
    public async Task Loading_StoppedMeanwhile_IsNoFailure()
    {
        using var log = new RecordedLog();
        using var mayLoad = new ManualResetEventSlim();
        var stopping = CancellationToken.None;
        await using var server = await TestApplication.StartLoadingAsync((_, _, _) =>
        {
            mayLoad.Wait(TimeSpan.FromSeconds(30));
            throw new OperationCanceledException(stopping);
        });
        server.App.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);
        stopping = server.App.Lifetime.ApplicationStopping;

        server.App.Lifetime.StopApplication();
        mayLoad.Set();
        await server.App.StopAsync();

        server.Host.Failure.Should().BeNull();
        log.Entries.Should().NotContain(entry => entry.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task GrammarWarmUp_StoppedMeanwhile_WarnsOfNothing()
    {
        using var log = new RecordedLog();
        using var mayLoad = new ManualResetEventSlim();
        using var core = Substitute.For<IEngineCore>();
        await using var server = await TestApplication.StartLoadingAsync((_, _, _) =>
        {
            mayLoad.Wait(TimeSpan.FromSeconds(30));
            return core;
        });
        server.App.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);
        core.VocabSize.Returns(4096);
        core.KVCacheDType.Returns("float32");

        // Asked for when the tokenizer has been read, before grammars are made.
        core.MaxModelLen.Returns(_ =>
        {
            server.App.Lifetime.StopApplication();
            return 128;
        });
        mayLoad.Set();
        await Eventually.HoldsAsync(() => log.Entries.Any(entry => entry.Text.Contains("is ready", StringComparison.Ordinal)), "the model is loaded");

        log.Entries.Should().NotContain(entry => entry.Level >= LogLevel.Warning);
        await server.App.StopAsync();
    }

    [Fact]
    public async Task Drain_RequestInFlight_EndsItRefusesNewOnesAndStops()
    {
        var core = new ScriptedEngineCore(_ => [70, 2]) { Steps = new SemaphoreSlim(0) };
        await using var server = await TestApplication.StartAsync(core);
        var running = server.PostAsync("/v1/completions", """{"prompt": "x"}""");
        await Eventually.HoldsAsync(() => server.Host.Loaded!.Llm.InFlight > 0, "the request is in flight");

        var stopped = server.App.WaitForShutdownAsync();
        var draining = server.App.Services.GetRequiredService<GracefulShutdown>().DrainAndStopAsync();

        (await server.Client.GetAsync("/ready")).StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        (await server.Client.GetAsync("/health")).StatusCode.Should().Be(HttpStatusCode.OK);
        var refused = await server.PostAsync("/v1/completions", """{"prompt": "x"}""");
        refused.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        refused.Headers.RetryAfter.Should().NotBeNull();
        core.Steps.Release(10);
        (await running).StatusCode.Should().Be(HttpStatusCode.OK);
        await draining;
        await stopped;
    }

    [Fact]
    public async Task Drain_TimeoutZero_AbortsWhatRuns()
    {
        var core = new ScriptedEngineCore(_ => Enumerable.Repeat(70, 1_000_000).ToList()) { Steps = new SemaphoreSlim(2) };
        await using var server = await TestApplication.StartAsync(core, o => o with { ShutdownTimeout = TimeSpan.Zero });
        var running = server.PostAsync("/v1/completions", """{"prompt": "x"}""");
        await Eventually.HoldsAsync(() => server.Host.Loaded!.Llm.InFlight > 0, "the request is in flight");

        var draining = server.App.Services.GetRequiredService<GracefulShutdown>().DrainAndStopAsync();
        await Eventually.HoldsAsync(
            () =>
            {
                core.Steps.Release();
                return draining.IsCompleted;
            },
            "the drain ends");
        await draining;

        (await running).StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
    }
}
