using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ControllerRuntime;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Autoscaling;
using Octavo.Operator.Configuration;
using Octavo.Operator.Controller;
using Octavo.Operator.Entities;
using Octavo.Operator.Scraping;
using Octavo.Operator.Tests.Controller;

namespace Octavo.Operator.Tests.Autoscaling;

/// <summary>Scrape, decide, apply, tell: the loop with the controller, over replicas that answer from a table.</summary>
public sealed class AutoscalerTests
{
    private readonly OperatorHarness harness = new();
    private readonly List<NamespacedName> woken = [];
    private readonly Dictionary<string, (double Waiting, double Running, double HitRate)> loads = [];
    private readonly Dictionary<string, (double Queries, double Hits)> counters = [];
    private readonly Dictionary<string, double> warmUps = [];
    private Autoscaler autoscaler;

    public AutoscalerTests() => autoscaler = Create();

    [Fact]
    public async Task TickAsync_QueueGrows_ScalesUpAndSaysWhy()
    {
        await StartAsync(ready: 1);
        loads["127.1.0.1"] = (32, 8, 0.5);

        await TickAsync();

        (await harness.DeploymentAsync())!.Spec!.Replicas.Should().Be(3);
        var service = await harness.ServiceAsync();
        service.Status!.DesiredReplicas.Should().Be(3);
        service.Status.Autoscaling!.MetricsState.Should().Be(MetricsState.Fresh);
        var decision = service.Status.Autoscaling.LastDecision!;
        (decision.From, decision.To, decision.Reason).Should().Be((1, 3, "QueueDepth"));
        decision.Inputs!.WaitingRequests.Should().Be(32);
        decision.Inputs.CacheHitPercent.Should().Be(50);
        var told = (await harness.EventsAsync()).Single(e => e.Reason == "ScaledUp").Message;
        told.Should().StartWith("Scaled from 1 to 3 replicas: 32 waiting and 8 running requests need 4 replicas").And.Contain("Held at maxReplicas 3").And.Contain("cache hits 50 %");
        (await harness.ConditionAsync("Ready"))!.Status.Should().Be("True", "one replica still answers");
        (await harness.ConditionAsync("ScalingActive"))!.Reason.Should().Be("MetricsFresh");
    }

    [Fact]
    public async Task TickAsync_SteadyLoad_WakesAndWritesNothing()
    {
        await StartAsync(ready: 1);
        await TickAsync();
        await harness.ReconcileAsync();
        woken.Clear();
        harness.Client.ClearRequests();

        for (var i = 0; i < 20; i++)
        {
            loads["127.1.0.1"] = (i % 4, i % 8, 0.5 + i / 100.0);
            await TickAsync();
        }

        woken.Should().BeEmpty();
        harness.Client.Writes.Should().BeEmpty();
    }

    [Fact]
    public async Task TickAsync_ReplicasSilent_HoldsAndTells()
    {
        await StartAsync(ready: 2);
        loads.Clear();

        for (var i = 0; i < 5; i++)
        {
            await TickAsync();
        }

        (await harness.DeploymentAsync())!.Spec!.Replicas.Should().Be(2);
        (await harness.ConditionAsync("ScalingActive")).Should().Match<V1Condition>(c => c.Status == "False" && c.Reason == "MetricsAbsent");
        (await harness.EventsAsync()).Should().ContainSingle(e => e.Reason == "MetricsAbsent");
    }

    [Fact]
    public async Task TickAsync_FirstReplicaGetsReady_IsNoFailureOfMetrics()
    {
        await StartAsync(ready: 1);
        await harness.RolloutAsync(ready: 0);
        await TickAsync();
        (await harness.ConditionAsync("ScalingActive"))!.Reason.Should().Be("NoReadyReplica");

        await harness.RolloutAsync(ready: 1);
        await harness.ReconcileAsync();
        (await harness.ConditionAsync("ScalingActive"))!.Reason.Should().Be("NoReadyReplica", "it was not asked yet");
        await TickAsync();

        (await harness.ConditionAsync("ScalingActive"))!.Reason.Should().Be("MetricsFresh");
        (await harness.EventsAsync()).Should().NotContain(e => e.Reason == "MetricsAbsent");
    }

    [Fact]
    public async Task TickAsync_OneAnswerLost_IsNoLostReplica()
    {
        await StartAsync(ready: 1);
        await TickAsync();
        loads.Clear();

        await TickAsync();

        harness.States.Find(OperatorHarness.Key)!.MetricsState.Should().Be(MetricsState.Fresh);
        for (var i = 0; i < 4; i++)
        {
            await TickAsync();
        }

        harness.States.Find(OperatorHarness.Key)!.MetricsState.Should().Be(MetricsState.Absent);
    }

    [Fact]
    public async Task TickAsync_LoadEnds_RemovesTheReplicaWhoseCacheIsWorthLeast()
    {
        await StartAsync(ready: 3);
        loads["127.1.0.1"] = (0, 3, 0.1);
        loads["127.1.0.2"] = (0, 2, 0.9);
        loads["127.1.0.3"] = (0, 2, 0.2);
        for (var i = 0; i < 7; i++)
        {
            await TickAsync();
        }

        (await harness.DeploymentAsync())!.Spec!.Replicas.Should().Be(2);
        var costs = new List<(string Name, int Cost)>();
        foreach (var pod in (await harness.Client.ListAsync<V1Pod>(OperatorHarness.Namespace, null, CancellationToken.None)).Items)
        {
            costs.Add((pod.Metadata.Name!, int.Parse(pod.Metadata.Annotations![VictimHints.Annotation], System.Globalization.CultureInfo.InvariantCulture)));
        }

        costs.OrderBy(c => c.Cost).Select(c => c.Name).Should().Equal("chat-0", "chat-2", "chat-1");
        (await harness.EventsAsync()).Should().ContainSingle(e => e.Reason == "ScaledDown");
    }

    [Fact]
    public async Task TickAsync_OperatorRestarts_ResumesFromTheStatusAndRemovesNothing()
    {
        await StartAsync(ready: 1);
        loads["127.1.0.1"] = (32, 8, 0.5);
        await TickAsync();
        await harness.RolloutAsync(ready: 3);
        loads["127.1.0.1"] = loads["127.1.0.2"] = loads["127.1.0.3"] = (0, 0, 0.5);

        harness.States.Clear();
        autoscaler = Create();
        harness.Controller = harness.Create(new OperatorOptions { RuntimeImage = "octavo/serving-runtime:1" });
        await harness.SyncAsync();
        (await harness.WritesOfReconcileAsync()).Where(w => w.Kind == "Deployment").Should().BeEmpty();
        await TickAsync();

        harness.States.Find(OperatorHarness.Key)!.Replicas.Should().Be(3);
        (await harness.ServiceAsync()).Status!.Autoscaling!.LastDecision!.To.Should().Be(3);
        (await harness.EventsAsync()).Should().ContainSingle(e => e.Reason == "ScaledUp");
    }

    [Fact]
    public async Task TickAsync_BoundsChange_MovesAtOnce()
    {
        await StartAsync(ready: 1);
        await TickAsync();
        await harness.ChangeSpecAsync(spec => spec with { Autoscaling = spec.Autoscaling! with { MinReplicas = 2 } });
        await harness.SyncAsync();

        await TickAsync();

        (await harness.DeploymentAsync())!.Spec!.Replicas.Should().Be(2);
        (await harness.ServiceAsync()).Status!.Autoscaling!.LastDecision!.Reason.Should().Be("Bounds");
    }

    [Fact]
    public async Task TickAsync_ManyDecisions_StatusKeepsFive()
    {
        await StartAsync(ready: 1);
        for (var i = 0; i < 12; i++)
        {
            loads["127.1.0.1"] = loads["127.1.0.2"] = loads["127.1.0.3"] = i % 2 == 0 ? (32, 8, 0) : (0, 0, 0);
            for (var tick = 0; tick < 8; tick++)
            {
                await TickAsync();
            }

            await harness.RolloutAsync((await harness.DeploymentAsync())!.Spec!.Replicas!.Value);
        }

        var autoscaling = (await harness.ServiceAsync()).Status!.Autoscaling!;
        autoscaling.History.Should().HaveCount(5);
        autoscaling.History![0].Should().Be(autoscaling.LastDecision);
        autoscaling.History.Should().BeInDescendingOrder(d => d.At);
    }

    [Fact]
    public async Task TickAsync_Counters_DecideByTheLastMinuteAndTellIt()
    {
        await StartAsync(ready: 1);
        counters["127.1.0.1"] = (1_000_000, 900_000);
        await TickAsync();
        counters["127.1.0.1"] = (1_001_000, 900_200);
        loads["127.1.0.1"] = (32, 8, 0.9);

        await TickAsync();

        var inputs = (await harness.ServiceAsync()).Status!.Autoscaling!.LastDecision!.Inputs!;
        (inputs.CacheHitPercent, inputs.PromptTokensPerSecond, inputs.UncachedTokensPerSecond).Should().Be((20, 500, 400));
    }

    [Fact]
    public async Task TickAsync_TargetThatTheMetricsSayNothingOf_IsTold()
    {
        await StartAsync(ready: 1);
        await harness.ChangeSpecAsync(spec => spec with { Autoscaling = spec.Autoscaling! with { Targets = new AutoscalingTargetsSpec { TimeToFirstTokenMilliseconds = 500 } } });

        await TickAsync();

        (await harness.ConditionAsync("ScalingActive")).Should().Match<V1Condition>(
            c => c.Status == "True" && c.Reason == "TargetUnknown" && c.Message!.Contains("timeToFirstTokenMilliseconds", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TickAsync_RuntimeTellsItsWarmUp_IsInTheLedgerAndWokenForOnce()
    {
        warmUps["127.1.0.1"] = 12.4;
        await StartAsync(ready: 1);
        (await harness.ServiceAsync()).Status!.Startup!.WarmUpSeconds.Should().BeNull("nobody has asked yet");

        await TickAsync();

        (await harness.ServiceAsync()).Status!.Startup.Should().Match<StartupStatus>(s => s.Pod == "chat-0" && s.WarmUpSeconds == 12);
        woken.Clear();
        await TickAsync();
        woken.Should().BeEmpty();
    }

    [Fact]
    public async Task TickAsync_AutoscalingRemoved_ForgetsTheNumber()
    {
        await StartAsync(ready: 1);
        await TickAsync();
        await harness.ChangeSpecAsync(spec => spec with { Autoscaling = null, Replicas = 2 });
        await harness.SyncAsync();

        await TickAsync();
        await harness.ReconcileAsync();

        harness.States.Find(OperatorHarness.Key).Should().BeNull();
        (await harness.ServiceAsync()).Status!.Autoscaling.Should().BeNull();
        (await harness.ConditionAsync("ScalingActive")).Should().BeNull();
        (await harness.DeploymentAsync())!.Spec!.Replicas.Should().Be(2);
    }

    private async Task StartAsync(int ready)
    {
        var spec = OperatorHarness.Autoscaled() with { Runtime = new RuntimeSpec { Engine = new EngineSpec { MaxNumSeqs = 8 } } };
        await harness.CreateAsync(spec with { Autoscaling = spec.Autoscaling! with { ScaleDown = new ScalingRulesSpec { StabilizationSeconds = 10 } } });
        harness.States.Set(OperatorHarness.Key, AutoscalerState.Resume(ready, null));
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready);
        await harness.ReconcileAsync();
        for (var i = 1; i <= ready; i++)
        {
            loads[$"127.1.0.{i}"] = (0, 2, 0.5);
        }
    }

    /// <summary>Two seconds, a look, and the reconcile that it woke.</summary>
    private async Task TickAsync()
    {
        harness.Time.Advance(TimeSpan.FromSeconds(2));
        await harness.SyncAsync();
        var before = woken.Count;
        await autoscaler.TickAsync(CancellationToken.None);
        if (woken.Count > before)
        {
            await harness.ReconcileAsync();
        }
    }

    private Autoscaler Create() => new(
        harness.Cluster,
        harness.States,
        new ServingMetricsScraper(new HttpClient(new Replicas(loads, counters, warmUps)), harness.Time, TimeSpan.FromSeconds(2)),
        woken.Add,
        harness.Metrics,
        new OperatorOptions { AutoscalingInterval = TimeSpan.FromSeconds(2) },
        harness.Time,
        NullLogger<Autoscaler>.Instance);

    private sealed class Replicas(
        Dictionary<string, (double Waiting, double Running, double HitRate)> loads, Dictionary<string, (double Queries, double Hits)> counters, Dictionary<string, double> warmUps) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            loads.TryGetValue(request.RequestUri!.Host, out var load)
                ? Task.FromResult(new HttpResponseMessage
                {
                    Content = new StringContent(FormattableString.Invariant(
                        $"vllm:num_requests_waiting {load.Waiting}\nvllm:num_requests_running {load.Running}\nvllm:kv_cache_usage_perc 0.05\noctavo_prefix_cache_hit_rate {load.HitRate}\n{Counters(request.RequestUri.Host)}")),
                })
                : throw new HttpRequestException("connection refused");

        private string Counters(string host) => (warmUps.TryGetValue(host, out var warmUp) ? FormattableString.Invariant($"octavo_warm_up_seconds {warmUp}\n") : "") + (counters.TryGetValue(host, out var told)
            ? FormattableString.Invariant($"vllm:prompt_tokens_total {told.Queries}\nvllm:prefix_cache_queries_total {told.Queries}\nvllm:prefix_cache_hits_total {told.Hits}\n")
            : "");
    }
}
