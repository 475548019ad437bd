using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Metrics;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

public sealed class AsyncLlmTests
{
    private static readonly Tokenizer Tokenizer = Tokenizer.Load(Path.Combine(Repository.TinyModel, "tokenizer.json"));

    private readonly FakeTimeProvider clock = new();

    [Fact]
    public async Task GenerateAsync_ScriptedTokens_GivesTheirText()
    {
        await using var llm = Start(new ScriptedEngineCore(_ => Tokenizer.Encode("Hello 👩 world", addSpecialTokens: false)));

        var outputs = await CollectAsync(llm.GenerateAsync(Request("r"), CancellationToken.None));

        string.Concat(outputs.Select(o => o.TextDelta)).Should().Be("Hello 👩 world");
        outputs[^1].FinishReason.Should().Be(FinishReason.Length);
        outputs.SkipLast(1).Should().NotContain(o => o.FinishReason != null);
        llm.InFlight.Should().Be(0);
    }

    [Fact]
    public async Task GenerateAsync_SeveralAnswers_ComeWithTheirIndex()
    {
        await using var llm = Start(new ScriptedEngineCore(r => Tokenizer.Encode($"answer {r.RequestId} {r.SamplingParams.Seed}", addSpecialTokens: false)));

        var outputs = await CollectAsync(llm.GenerateAsync(Request("r") with { N = 3, SamplingParams = new SamplingParams { Seed = 5 } }, CancellationToken.None));

        outputs.GroupBy(o => o.Index).OrderBy(g => g.Key).Select(g => string.Concat(g.Select(o => o.TextDelta)))
            .Should().Equal("answer r-0 5", "answer r-1 6", "answer r-2 7");
    }

    [Fact]
    public async Task GenerateAsync_CallerLeaves_AbortsInTheEngine()
    {
        var core = new ScriptedEngineCore(_ => Enumerable.Repeat(70, 10_000).ToList()) { Steps = new SemaphoreSlim(1) };
        await using var llm = Start(core);
        using var cancel = new CancellationTokenSource();

        var act = async () =>
        {
            await foreach (var _ in llm.GenerateAsync(Request("r"), cancel.Token))
            {
                cancel.Cancel();
            }
        };

        await act.Should().ThrowAsync<OperationCanceledException>();
        core.Steps.Release();
        await UntilAsync(() => core.Aborted.Contains("r"));
        llm.InFlight.Should().Be(0);
    }

    [Fact]
    public async Task GenerateAsync_StopString_AbortsInTheEngine()
    {
        var spoken = Tokenizer.Encode("one two three", addSpecialTokens: false);
        var core = new ScriptedEngineCore(_ => [.. spoken, .. Enumerable.Repeat(70, 10_000)]) { Steps = new SemaphoreSlim(spoken.Count) };
        await using var llm = Start(core);

        var outputs = await CollectAsync(llm.GenerateAsync(Request("r") with { StopStrings = ["two"] }, CancellationToken.None));

        string.Concat(outputs.Select(o => o.TextDelta)).Should().Be("one ");
        core.Steps.Release();
        await UntilAsync(() => core.Aborted.Contains("r"));
    }

    [Fact]
    public async Task GenerateAsync_EngineFails_EveryRequestGetsAnErrorAndHealthFails()
    {
        var core = new ScriptedEngineCore(_ => [70, 71]) { Steps = new SemaphoreSlim(0) };
        await using var llm = Start(core);
        var first = CollectAsync(llm.GenerateAsync(Request("a"), CancellationToken.None));
        var second = CollectAsync(llm.GenerateAsync(Request("b"), CancellationToken.None));
        core.Fault = new InvalidOperationException("boom");

        core.Steps.Release(10);

        await first.Invoking(t => t).Should().ThrowAsync<EngineDeadException>();
        await second.Invoking(t => t).Should().ThrowAsync<EngineDeadException>();
        llm.IsHealthy.Should().BeFalse();
        await llm.Invoking(l => CollectAsync(l.GenerateAsync(Request("c"), CancellationToken.None))).Should().ThrowAsync<EngineDeadException>();
        await core.Disposed.Task;
    }

    [Fact]
    public async Task GenerateAsync_QueueFull_IsRejected()
    {
        var core = new ScriptedEngineCore(_ => [70, 71]) { Steps = new SemaphoreSlim(0) };
        await using var llm = Start(core, new AsyncLlmOptions { MaxNumSeqs = 1, MaxQueuedRequests = 1 });
        var running = CollectAsync(llm.GenerateAsync(Request("a"), CancellationToken.None));
        var waiting = CollectAsync(llm.GenerateAsync(Request("b"), CancellationToken.None));

        var rejected = await llm.Invoking(l => CollectAsync(l.GenerateAsync(Request("c"), CancellationToken.None))).Should().ThrowAsync<RequestRejectedException>();

        rejected.Which.Reason.Should().Be(RejectionReason.QueueFull);
        rejected.Which.RetryAfter.Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(1));
        core.Steps.Release(10);
        (await running).Should().NotBeEmpty();
        (await waiting).Should().NotBeEmpty();
    }

    [Fact]
    public async Task GenerateAsync_TooManyQueuedTokens_IsRejected()
    {
        var core = new ScriptedEngineCore(_ => [70]) { Steps = new SemaphoreSlim(0) };
        await using var llm = Start(core, new AsyncLlmOptions { MaxQueuedTokens = 3 });
        var first = CollectAsync(llm.GenerateAsync(Request("a") with { PromptTokenIds = [1, 2, 3, 4, 5] }, CancellationToken.None));

        var rejected = await llm.Invoking(l => CollectAsync(l.GenerateAsync(Request("b"), CancellationToken.None))).Should().ThrowAsync<RequestRejectedException>();

        rejected.Which.Reason.Should().Be(RejectionReason.QueuedTokens);
        core.Steps.Release(10);
        await first;
    }

    [Fact]
    public async Task DrainAsync_RequestsInFlight_WaitsForThemAndRejectsNewOnes()
    {
        var core = new ScriptedEngineCore(_ => [70, 71]) { Steps = new SemaphoreSlim(0) };
        await using var llm = Start(core);
        var running = CollectAsync(llm.GenerateAsync(Request("a"), CancellationToken.None));

        var drain = llm.DrainAsync(TimeSpan.FromSeconds(30));

        drain.IsCompleted.Should().BeFalse();
        (await llm.Invoking(l => CollectAsync(l.GenerateAsync(Request("b"), CancellationToken.None))).Should().ThrowAsync<RequestRejectedException>())
            .Which.Reason.Should().Be(RejectionReason.Draining);
        core.Steps.Release(10);
        (await running)[^1].FinishReason.Should().Be(FinishReason.Length);
        await drain;
    }

    [Fact]
    public async Task DrainAsync_Timeout_AbortsTheRest()
    {
        var core = new ScriptedEngineCore(_ => Enumerable.Repeat(70, 100_000).ToList()) { Steps = new SemaphoreSlim(1) };
        await using var llm = Start(core);
        var running = CollectAsync(llm.GenerateAsync(Request("a"), CancellationToken.None));
        var drain = llm.DrainAsync(TimeSpan.FromSeconds(30));

        clock.Advance(TimeSpan.FromSeconds(31));
        await drain;
        core.Steps.Release(1);

        (await running)[^1].FinishReason.Should().Be(FinishReason.Abort);
    }

    [Fact]
    public async Task IsHealthy_StepTakesTooLong_TurnsFalse()
    {
        var core = new ScriptedEngineCore(_ => [70]) { Steps = new SemaphoreSlim(0) };
        await using var llm = Start(core, new AsyncLlmOptions { StallTimeout = TimeSpan.FromSeconds(60) });
        clock.Advance(TimeSpan.FromHours(1));
        llm.IsHealthy.Should().BeTrue("an idle engine need not move");
        var running = CollectAsync(llm.GenerateAsync(Request("a"), CancellationToken.None));
        await UntilAsync(() => llm.InFlight == 1 && core.HasUnfinishedRequests);

        clock.Advance(TimeSpan.FromSeconds(61));
        llm.IsHealthy.Should().BeFalse();

        core.Steps.Release(5);
        await running;
        await UntilAsync(() => llm.IsHealthy);
    }

    [Fact]
    public async Task GenerateAsync_CallerIsSlow_GetsWhatGatheredAsOneOutput()
    {
        var tokens = Tokenizer.Encode("one two three four five six seven", addSpecialTokens: false);
        var core = new ScriptedEngineCore(_ => tokens) { Steps = new SemaphoreSlim(1) };
        await using var llm = Start(core);
        var outputs = new List<RequestOutput>();

        await foreach (var output in llm.GenerateAsync(Request("r") with { SamplingParams = new SamplingParams { Logprobs = 0 } }, CancellationToken.None))
        {
            outputs.Add(output);
            if (outputs.Count == 1)
            {
                core.Steps.Release(1000);
                await UntilAsync(() => !core.HasUnfinishedRequests);
                await UntilAsync(() => llm.Stats.NumRunning == 0 && llm.Stats.StepTokens == 0);
            }
        }

        outputs.Should().HaveCount(2);
        outputs[0].NewTokenIds.Should().Equal(tokens[0]);
        outputs[1].NewTokenIds.Should().Equal(tokens.Skip(1));
        string.Concat(outputs.Select(o => o.TextDelta)).Should().Be("one two three four five six seven");
        outputs[1].Metrics!.GeneratedTokens.Should().Be(tokens.Count);
    }

    [Fact]
    public async Task GenerateAsync_IntervalOfFour_WakesTheCallerForTheFirstEveryFourAndTheLast()
    {
        var core = new ScriptedEngineCore(_ => Enumerable.Repeat(70, 11).ToList()) { Steps = new SemaphoreSlim(0) };
        await using var llm = Start(core);
        var outputs = new List<RequestOutput>();
        var reading = Task.Run(async () =>
        {
            await foreach (var output in llm.GenerateAsync(Request("r") with { StreamInterval = 4 }, CancellationToken.None))
            {
                lock (outputs)
                {
                    outputs.Add(output);
                }
            }
        });

        foreach (var (steps, count) in new[] { (1, 1), (4, 2), (4, 3), (2, 4) })
        {
            core.Steps.Release(steps);
            await UntilAsync(() =>
            {
                lock (outputs)
                {
                    return outputs.Count == count;
                }
            });
        }

        await reading;
        outputs.Select(o => o.NewTokenIds.Count).Should().Equal(1, 4, 4, 2);
    }

    [Fact]
    public async Task GenerateAsync_DeadlinePasses_ThrowsAndAborts()
    {
        var core = new ScriptedEngineCore(_ => Enumerable.Repeat(70, 1000).ToList()) { Steps = new SemaphoreSlim(1) };
        await using var llm = Start(core);
        var running = CollectAsync(llm.GenerateAsync(Request("r") with { Deadline = (clock.GetUtcNow() + TimeSpan.FromSeconds(5)).UtcTicks }, CancellationToken.None));
        await UntilAsync(() => llm.LiveRequests is [{ State: "running" }]);

        clock.Advance(TimeSpan.FromSeconds(4));
        running.IsCompleted.Should().BeFalse();
        clock.Advance(TimeSpan.FromSeconds(2));

        // The engine is stuck in a step, and still the caller is free.
        await running.Invoking(t => t).Should().ThrowAsync<DeadlineExceededException>();
        core.Steps.Release(1);
        await UntilAsync(() => core.Aborted.Contains("r"));
        llm.InFlight.Should().Be(0);
        llm.LiveRequests.Should().BeEmpty();
    }

    [Fact]
    public async Task EmbedAsync_CoreGivesAVector_ReturnsIt()
    {
        await using var llm = Start(new ScriptedEngineCore(_ => []) { Embedding = [1f, 2f] });

        var output = await llm.EmbedAsync(Request("e") with { Pooling = new PoolingParams(PoolingType.Mean) }, CancellationToken.None);

        output.Vector.Should().Equal(1f, 2f);
        llm.InFlight.Should().Be(0);
    }

    [Fact]
    public async Task EmbedAsync_CoreRefuses_NamesTheReason()
    {
        await using var llm = Start(new ScriptedEngineCore(_ => []));

        await llm.Invoking(l => l.EmbedAsync(Request("e") with { Pooling = new PoolingParams(PoolingType.Mean) }, CancellationToken.None))
            .Should().ThrowAsync<InvalidRequestException>().WithMessage("no embedding here");
        llm.InFlight.Should().Be(0);
    }

    [Fact]
    public async Task LiveRequests_WhileOneRuns_DescribeItWithoutText()
    {
        var core = new ScriptedEngineCore(_ => [70, 71, 72]) { Steps = new SemaphoreSlim(0) };
        await using var llm = Start(core);
        var running = CollectAsync(llm.GenerateAsync(Request("r") with { Tenant = "t", ClientRequestId = "c", ArrivalTimestamp = clock.GetTimestamp() }, CancellationToken.None));

        clock.Advance(TimeSpan.FromSeconds(3));
        llm.LiveRequests.Should().Equal(new LiveRequest("r", "c", "t", "queued", 2, 1, 0, TimeSpan.FromSeconds(3)));
        core.Steps.Release(2);
        await UntilAsync(() => llm.LiveRequests is [{ State: "running", GeneratedTokens: 2 }]);
        core.Steps.Release(10);
        await running;

        llm.LiveRequests.Should().BeEmpty();
    }

    [Fact]
    public async Task ResetPrefixCacheAsync_Idle_ReachesTheCore()
    {
        var core = new ScriptedEngineCore(_ => []);
        await using var llm = Start(core);

        await llm.ResetPrefixCacheAsync();

        core.CacheResets.Should().Be(1);
    }

    [Fact]
    public async Task Resume_AfterCordon_AdmitsAgain()
    {
        await using var llm = Start(new ScriptedEngineCore(_ => [70]));
        llm.Cordon();
        await llm.Invoking(l => CollectAsync(l.GenerateAsync(Request("a"), CancellationToken.None))).Should().ThrowAsync<RequestRejectedException>();

        llm.Resume();

        (await CollectAsync(llm.GenerateAsync(Request("b"), CancellationToken.None))).Should().NotBeEmpty();
        var drain = llm.DrainAsync(TimeSpan.FromSeconds(1));
        await drain;
        llm.IsDraining.Should().BeTrue();
    }

    [Fact]
    public async Task Failed_EngineThrows_CarriesTheReason()
    {
        var core = new ScriptedEngineCore(_ => [70]) { Fault = new InvalidOperationException("boom") };
        await using var llm = Start(core);
        llm.Failed.IsCompleted.Should().BeFalse();

        await llm.Invoking(l => CollectAsync(l.GenerateAsync(Request("a"), CancellationToken.None))).Should().ThrowAsync<EngineDeadException>();

        (await llm.Failed).Message.Should().Be("boom");
    }

    private static GenerationRequest Request(string id) => new() { RequestId = id, PromptTokenIds = [0, 1], SamplingParams = new SamplingParams() };

    private static async Task<List<RequestOutput>> CollectAsync(IAsyncEnumerable<RequestOutput> source)
    {
        var outputs = new List<RequestOutput>();
        await foreach (var output in source)
        {
            outputs.Add(output);
        }

        return outputs;
    }

    /// <summary>Waits for the engine's thread, which no clock moves.</summary>
    private static Task UntilAsync(Func<bool> condition) => Eventually.HoldsAsync(condition, "the engine's thread does it");

    private AsyncLlm Start(ScriptedEngineCore core, AsyncLlmOptions? options = null)
        => new(core, Tokenizer, options ?? new AsyncLlmOptions(), new EngineMetrics(new TestMeterFactory(), "m", 128), clock, NullLogger.Instance);

    private sealed class TestMeterFactory : IMeterFactory
    {
        public Meter Create(MeterOptions options) => new(options);

        public void Dispose()
        {
        }
    }
}
