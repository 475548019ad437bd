using Octavo.Operator.Autoscaling;
using Octavo.Operator.Entities;
using Octavo.Operator.Scraping;

namespace Octavo.Operator.Tests.Autoscaling;

/// <summary>The signals beyond requests: uncached tokens, time to the first token, cold replicas, the service's own tolerance and warm-up.</summary>
public sealed class DemandRulesTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly ScalingPolicy Policy = new()
    {
        MinReplicas = 1, MaxReplicas = 10, QueueDepth = 4, SlotsPerReplica = 8, UncachedPrefillTokens = 1000, TimeToFirstTokenMilliseconds = 1000, ScaleDownWindow = TimeSpan.Zero, WishedWarmUp = TimeSpan.FromSeconds(30),
    };

    [Theory]
    [InlineData(1, 1100, 1, "WithinTarget")]
    [InlineData(1, 1101, 2, "UncachedPrefillTokens")]
    [InlineData(2, 5000, 4, "UncachedPrefillTokens")] // no more than twice the warm ones
    [InlineData(4, 5000, 5, "UncachedPrefillTokens")]
    public void Calculate_UncachedTokensWait_AddsReplicas(int current, double tokens, int expected, string reason)
    {
        var outcome = Calculate(Policy, current, [.. Enumerable.Range(0, current).Select(i => Warm($"pod-{i}", Tokens(tokens / current)))]);

        (outcome.Replicas, outcome.Reason).Should().Be((expected, reason));
        outcome.Inputs.UncachedQueuedTokens.Should().Be((long)tokens);
    }

    [Fact]
    public void Calculate_UncachedTokensWithoutATarget_AddNothing() =>
        Calculate(Policy with { UncachedPrefillTokens = null }, 1, [Warm("a", Tokens(100_000))]).Replicas.Should().Be(1);

    [Fact]
    public void Calculate_NewReplicaIsCold_ItsTokensAddNoFurther()
    {
        var outcome = Calculate(Policy, 2, [Warm("old", Tokens(500)), Cold("new", Tokens(9500))]);

        outcome.Replicas.Should().Be(2);
        outcome.Inputs.ColdReplicas.Should().Be(1);
        Calculate(Policy, 2, [Warm("old", Tokens(500)), Warm("new", Tokens(9500))]).Replicas.Should().Be(4, "once it is warm they are demand");
    }

    [Fact]
    public void Calculate_NewReplicaIsCold_ItsHitRateDoesNotCount()
    {
        var outcome = Calculate(Policy, 2, [Warm("old", Rated(asked: 100, found: 80)), Cold("new", Rated(asked: 300, found: 0))]);

        outcome.Inputs.CacheHitPercent.Should().Be(80);
        Calculate(Policy, 2, [Warm("old", Rated(100, 80)), Warm("new", Rated(300, 0))]).Inputs.CacheHitPercent.Should().Be(20, "80 of 400 tokens, and not the mean of two rates");
        Calculate(Policy, 1, [Cold("only", Rated(100, 30))]).Inputs.CacheHitPercent.Should().Be(30);
    }

    [Theory]
    [InlineData(8, 0, true)]
    [InlineData(2, 0, true)]
    [InlineData(1, 0, false)] // alone at its replica
    [InlineData(1, 1, true)]
    public void Calculate_FirstTokenLate_AddsOneWhereReplicasAreShared(double running, double waiting, bool adds)
    {
        var outcome = Calculate(Policy, 1, [Warm("a", Slow(running, waiting))]);

        outcome.Replicas.Should().Be(adds ? 2 : 1);
        outcome.Reason.Should().Be(adds ? "TimeToFirstToken" : "WithinTarget");
        outcome.Inputs.TimeToFirstTokenMilliseconds.Should().Be(4600);
    }

    [Fact]
    public void Calculate_FirstTokenLate_WaitsForThoseThatStartAreColdOrCameLately()
    {
        var slow = Slow(8, 0);

        Calculate(Policy, 2, [Warm("a", slow), new ReplicaSample { Pod = "b" }]).Replicas.Should().Be(2, "one is pending");
        Calculate(Policy, 2, [Warm("a", slow), Cold("b", slow)]).Replicas.Should().Be(2, "one is cold");
        var grew = ScalingHistory.Empty with { Changes = [(Now - TimeSpan.FromSeconds(50), 1)] };
        ReplicaCalculator.Calculate(Policy, 2, [Warm("a", slow), Warm("b", slow)], grew, Now).Replicas.Should().Be(2, "the percentile is of a minute that began before");
        Calculate(Policy, 2, [Warm("a", slow), Warm("b", slow)]).Replicas.Should().Be(3);
    }

    [Fact]
    public void Calculate_LittleLoadButLateTokens_RemovesNothing()
    {
        Calculate(Policy, 2, [Warm("a", Slow(0, 0)), Warm("b", Slow(0, 0))]).Replicas.Should().Be(2);
        Calculate(Policy with { TimeToFirstTokenMilliseconds = 10_000 }, 2, [Warm("a", Slow(0, 0)), Warm("b", Slow(0, 0))]).Replicas.Should().Be(1);
    }

    [Theory]
    [InlineData(600, 2)] // 1200 tokens a second and what fewer caches lose do not fit into 70 % of 1500
    [InlineData(400, 1)]
    public void Calculate_WorkWithoutBacklog_KeepsWhatComputesIt(double uncachedPerSecond, int expected)
    {
        var load = new ReplicaLoad(0, 1, 0.1, 0.2, 0) { Rates = new ReplicaRates { UncachedTokensPerSecond = uncachedPerSecond } };
        var history = ScalingHistory.Empty with { ReplicaPrefill = 1500 };

        var outcome = ReplicaCalculator.Calculate(Policy, 2, [Warm("a", load), Warm("b", load)], history, Now);

        outcome.Replicas.Should().Be(expected);
        outcome.History.ReplicaPrefill.Should().Be(1500);
    }

    [Fact]
    public void Calculate_Overloaded_LearnsWhatAReplicaComputes()
    {
        var load = Tokens(5000) with { Rates = new ReplicaRates { UncachedTokensPerSecond = 1800 } };

        var outcome = Calculate(Policy, 1, [Warm("a", load)]);

        outcome.History.ReplicaPrefill.Should().Be(1800);
        outcome.Inputs.ReplicaPrefillTokensPerSecond.Should().Be(1800);
        Calculate(Policy, 1, [Warm("a", load with { UncachedQueuedTokens = 10 })]).History.ReplicaPrefill.Should().BeNull("it could have done more");
        AutoscalerState.Resume(1, new AutoscalingStatus { History = [new ScalingDecision { At = Now, From = 1, To = 2, Reason = "r", Inputs = outcome.Inputs }] }).History.ReplicaPrefill.Should().Be(1800);
    }

    [Fact]
    public void Calculate_RuntimeTellsNothingOfATarget_SaysSoAndGoesOnWithTheOthers()
    {
        var blind = new ReplicaLoad(0, 2, 0.1, null, null) { LacksUncachedTokens = true, LacksTimeToFirstToken = true };

        var outcome = Calculate(Policy, 1, [Warm("a", blind)]);

        outcome.BlindTargets.Should().Be("uncachedPrefillTokens, timeToFirstTokenMilliseconds");
        outcome.Inputs.UncachedQueuedTokens.Should().BeNull("unknown is not zero");
        Calculate(Policy, 1, [Warm("a", blind with { Waiting = 30, Running = 8 })]).Replicas.Should().Be(4);
        Calculate(Policy with { UncachedPrefillTokens = null, TimeToFirstTokenMilliseconds = null }, 1, [Warm("a", blind)]).BlindTargets.Should().BeNull();
    }

    [Theory]
    [InlineData(0.0, 13, 2)]
    [InlineData(0.1, 13, 1)]
    [InlineData(0.5, 18, 1)]
    [InlineData(0.5, 19, 2)]
    public void Calculate_Tolerance_IsTheServicesOwn(double tolerance, int requests, int expected) =>
        Calculate(Policy with { Tolerance = tolerance }, 1, [Warm("a", new ReplicaLoad(requests - 8, 8, 0.1, null, 0))]).Replicas.Should().Be(expected);

    [Theory]
    [InlineData(0.1, 1)] // 5 of 5.6
    [InlineData(0.5, 2)] // 5 of 4
    public void Calculate_WideTolerance_KeepsAsMuchFree(double tolerance, int expected) =>
        Calculate(Policy with { Tolerance = tolerance }, 2, [Warm("a", new ReplicaLoad(0, 5, 0, null, 0)), Warm("b", new ReplicaLoad(0, 0, 0, null, 0))]).Replicas.Should().Be(expected);

    [Fact]
    public void From_Spec_TakesItsTargetsToleranceAndWarmUp()
    {
        var spec = new InferenceServiceSpec
        {
            Model = new ModelSpec { Uri = "file:///m" },
            Autoscaling = new AutoscalingSpec
            {
                MaxReplicas = 3, TolerancePercent = 25, WarmUpSeconds = 90, Targets = new AutoscalingTargetsSpec { UncachedPrefillTokens = 8000, TimeToFirstTokenMilliseconds = 1500 },
            },
        };

        var policy = ScalingPolicy.From(spec)!;

        (policy.Tolerance, policy.WarmUp, policy.UncachedPrefillTokens, policy.TimeToFirstTokenMilliseconds).Should().Be((0.25, TimeSpan.FromSeconds(90), 8000, 1500));
        var plain = ScalingPolicy.From(spec with { Autoscaling = new AutoscalingSpec { MaxReplicas = 3, ScaleDown = new ScalingRulesSpec { StabilizationSeconds = 10 } } })!;
        (plain.Tolerance, plain.WarmUp, plain.UncachedPrefillTokens, plain.TimeToFirstTokenMilliseconds).Should().Be((0.1, TimeSpan.FromSeconds(10), null, null));
    }

    private static ScalingOutcome Calculate(ScalingPolicy policy, int current, IReadOnlyList<ReplicaSample> samples) =>
        ReplicaCalculator.Calculate(policy, current, samples, ScalingHistory.Empty, Now);

    private static ReplicaSample Warm(string pod, ReplicaLoad load) => new() { Pod = pod, ReadySince = Now - TimeSpan.FromMinutes(10), Load = load };

    private static ReplicaSample Cold(string pod, ReplicaLoad load) => new() { Pod = pod, ReadySince = Now - TimeSpan.FromSeconds(10), Load = load };

    private static ReplicaLoad Tokens(double uncached) => new(1, 1, 0.1, null, uncached);

    private static ReplicaLoad Rated(double asked, double found) =>
        new(0, 1, 0.1, found / asked, 0) { Rates = new ReplicaRates { PromptTokensPerSecond = asked, CacheHitTokensPerSecond = found } };

    /// <summary>All first tokens came within 1 to 5 seconds.</summary>
    private static ReplicaLoad Slow(double running, double waiting) =>
        new(waiting, running, 0.1, null, 0) { Rates = new ReplicaRates { TimeToFirstToken = LatencyHistogram.Of([(1, 0), (5, 50), (double.PositiveInfinity, 50)]) } };
}
