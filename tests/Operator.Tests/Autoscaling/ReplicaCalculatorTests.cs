using Octavo.Operator.Autoscaling;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Tests.Autoscaling;

public sealed class ReplicaCalculatorTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Slots 8, 4 may wait: a replica carries 12 going up and 5.6 going down.</summary>
    private static readonly ScalingPolicy Policy = new() { MinReplicas = 1, MaxReplicas = 5, QueueDepth = 4, SlotsPerReplica = 8, ScaleDownWindow = TimeSpan.FromSeconds(60) };

    [Theory]
    [InlineData(1, 0, 0, 1, "WithinTarget")]
    [InlineData(1, 8, 4, 1, "WithinTarget")]
    [InlineData(1, 8, 5, 1, "WithinTarget")] // 13 of 12: within the tolerance
    [InlineData(1, 8, 6, 2, "QueueDepth")]
    [InlineData(1, 8, 32, 4, "QueueDepth")]
    [InlineData(1, 8, 500, 5, "QueueDepth")] // bounded
    [InlineData(3, 24, 12, 3, "WithinTarget")]
    [InlineData(3, 24, 40, 5, "QueueDepth")] // 64 of 36 need 5.33, bounded
    public void Calculate_QueueAndRunning_DecideTogether(int current, int running, int waiting, int expected, string reason)
    {
        var outcome = Calculate(Policy, current, Even(current, running, waiting));

        outcome.Replicas.Should().Be(expected);
        outcome.Reason.Should().Be(reason);
        outcome.MetricsState.Should().Be(MetricsState.Fresh);
        outcome.Message.Should().EndWith(".");
    }

    [Fact]
    public void Calculate_WaitingBesideFreeSlots_AddsOneAtATime()
    {
        // Long prompts fill the token budget: 10 wait although 2 of 8 slots run.
        var blocked = new ReplicaLoad(Waiting: 10, Running: 2, KVCacheUsage: 0.1, CacheHitRate: null, UncachedQueuedTokens: 9000);

        Calculate(Policy, 1, [Ready("a", blocked)]).Replicas.Should().Be(2);
        Calculate(Policy, 2, [Ready("a", blocked), Pending("b")]).Replicas.Should().Be(2, "the second is not ready yet");
    }

    [Fact]
    public void Calculate_CacheFullBeforeSlots_CountsWhatRunsAsCapacity()
    {
        var full = new ReplicaLoad(Waiting: 9, Running: 2, KVCacheUsage: 0.95, CacheHitRate: null, UncachedQueuedTokens: 0);

        Calculate(Policy, 1, [Ready("a", full)]).Replicas.Should().Be(2, "11 requests at 2 slots and 4 waiting each");
    }

    [Theory]
    [InlineData(0.80, 2)]
    [InlineData(0.87, 2)] // within the tolerance of 80 %
    [InlineData(0.95, 3)]
    public void Calculate_KVTarget_AddsReplicas(double usage, int expected)
    {
        var policy = Policy with { KVCacheUtilization = 0.8 };
        var load = new ReplicaLoad(0, 6, usage, null, 0);

        Calculate(policy, 2, [Ready("a", load), Ready("b", load)]).Replicas.Should().Be(expected);
    }

    [Fact]
    public void Calculate_ReplicasStillStarting_AddsNoMore()
    {
        // 40 need 4: three of them start already.
        Calculate(Policy, 4, [Ready("a", new ReplicaLoad(32, 8, 0.5, null, 0)), Pending("b"), Pending("c"), Pending("d")]).Replicas.Should().Be(4);
    }

    [Fact]
    public void Calculate_NoSample_HoldsAndForgetsTheWindow()
    {
        var history = new ScalingHistory { KnownSince = Start - TimeSpan.FromHours(1), Recommendations = [(Start - TimeSpan.FromSeconds(1), 1)] };

        var outcome = ReplicaCalculator.Calculate(Policy, 3, [Ready("a", null), Ready("b", null)], history, Start);

        outcome.Replicas.Should().Be(3);
        outcome.MetricsState.Should().Be(MetricsState.Absent);
        outcome.History.KnownSince.Should().BeNull();
        outcome.History.Recommendations.Should().BeEmpty();
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(9, 5)]
    public void Calculate_OutsideBoundsWithoutSample_MovesToTheBound(int current, int expected)
    {
        var outcome = Calculate(Policy, current, []);

        outcome.Replicas.Should().Be(expected);
        outcome.Reason.Should().Be("Bounds");
    }

    [Fact]
    public void Calculate_SomeSamplesMissing_CountsThemAsIdleGoingUpAndAsFullGoingDown()
    {
        var idle = new ReplicaLoad(0, 0, 0, null, 0);
        var busy = new ReplicaLoad(6, 8, 0.5, null, 0);

        Calculate(Policy, 2, [Ready("a", busy), Ready("b", null)]).Replicas.Should().Be(2, "14 of 24 are known");
        var outcome = Calculate(Policy, 2, [Ready("a", idle), Ready("b", null)], Watched(2));
        outcome.Replicas.Should().Be(2, "the silent one may be full");
        outcome.MetricsState.Should().Be(MetricsState.Partial);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(5, 1)]
    [InlineData(6, 2)]
    [InlineData(11, 2)]
    [InlineData(12, 3)]
    public void Calculate_LessLoad_RemovesDownToWhatFitsWithRoomToSpare(int running, int expected)
    {
        Calculate(Policy, 3, Even(3, running, 0), Watched(1)).Replicas.Should().Be(expected);
    }

    [Fact]
    public void Calculate_HighHitRate_KeepsReplicasThatHoldTheCache()
    {
        Calculate(Policy, 3, Even(3, 9, 0, hitRate: 0), Watched(1)).Replicas.Should().Be(2);
        Calculate(Policy, 3, Even(3, 9, 0, hitRate: 0.9), Watched(1)).Replicas.Should().Be(3, "a third of the hits would be computed again");
    }

    [Fact]
    public void Calculate_KVInUse_KeepsReplicas()
    {
        var load = new ReplicaLoad(0, 1, 0.5, null, 0);

        Calculate(Policy, 2, [Ready("a", load), Ready("b", load)], Watched(1)).Replicas.Should().Be(2, "1.0 does not fit below 0.56");
    }

    [Fact]
    public void Calculate_JustRestarted_RemovesNothingBeforeAWholeWindow()
    {
        var history = ScalingHistory.Empty;
        var replicas = 3;
        var changedAt = TimeSpan.Zero;
        for (var t = TimeSpan.Zero; t <= TimeSpan.FromSeconds(70); t += TimeSpan.FromSeconds(2))
        {
            var outcome = ReplicaCalculator.Calculate(Policy, replicas, Even(replicas, 0, 0), history, Start + t);
            history = outcome.History;
            changedAt = outcome.Replicas == replicas ? changedAt : t;
            replicas = outcome.Replicas;
        }

        replicas.Should().Be(1);
        changedAt.Should().Be(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public void Calculate_LoadReturnedWithinTheWindow_RemovesNothing()
    {
        var history = Watched(1) with { Recommendations = [(Start - TimeSpan.FromSeconds(30), 3)] };

        var outcome = Calculate(Policy, 3, Even(3, 0, 0), history);

        outcome.Replicas.Should().Be(3);
        outcome.Message.Should().Contain("Waits for 60 s");
    }

    [Fact]
    public void Calculate_ReplicaIsCold_RemovesNothing()
    {
        var cold = new ReplicaSample { Pod = "young", ReadySince = Start - TimeSpan.FromSeconds(5), Load = new ReplicaLoad(0, 0, 0, null, 0) };

        var outcome = Calculate(Policy, 2, [Ready("a", cold.Load), cold], Watched(1));

        outcome.Replicas.Should().Be(2);
        outcome.Message.Should().Contain("until young is warm");
    }

    [Fact]
    public void Calculate_LimitPerMinute_HoldsBothWays()
    {
        var policy = Policy with { ScaleUpPerMinute = 2, ScaleDownPerMinute = 1 };
        var spent = Watched(1) with { Changes = [(Start - TimeSpan.FromSeconds(40), 1), (Start - TimeSpan.FromSeconds(20), -1)] };

        Calculate(policy, 1, Even(1, 8, 500), spent).Replicas.Should().Be(2, "one of two is spent");
        Calculate(policy, 3, Even(3, 0, 0), spent).Replicas.Should().Be(3, "one of one is spent");
        var later = ReplicaCalculator.Calculate(policy, 3, Even(3, 0, 0), spent, Start + TimeSpan.FromSeconds(41));
        later.Replicas.Should().Be(2);
        later.History.Changes.Should().Equal((Start + TimeSpan.FromSeconds(41), -1));
    }

    [Fact]
    public void Calculate_ScaleUpWindow_WaitsForASteadyWish()
    {
        var policy = Policy with { ScaleUpWindow = TimeSpan.FromSeconds(10) };
        var history = ScalingHistory.Empty;
        var seen = new List<int>();
        for (var second = 0; second <= 12; second += 2)
        {
            var outcome = ReplicaCalculator.Calculate(policy, 1, Even(1, 8, 20), history, Start + TimeSpan.FromSeconds(second));
            history = outcome.History;
            seen.Add(outcome.Replicas);
        }

        seen.Should().Equal(1, 1, 1, 1, 1, 3, 3);
    }

    [Fact]
    public void Calculate_SameInputs_SameOutcome()
    {
        var first = Calculate(Policy, 2, Even(2, 16, 30), Watched(2));
        var second = Calculate(Policy, 2, Even(2, 16, 30), Watched(2));

        second.Message.Should().Be(first.Message);
        second.Inputs.Should().Be(first.Inputs);
        first.Inputs.Should().Be(new ScalingInputs
        {
            ReadyReplicas = 2, SampledReplicas = 2, WaitingRequests = 30, RunningRequests = 16, SlotsPerReplica = 8, KVCachePercent = 10, UncachedQueuedTokens = 0,
        });
    }

    private static ScalingOutcome Calculate(ScalingPolicy policy, int current, IReadOnlyList<ReplicaSample> samples, ScalingHistory? history = null) =>
        ReplicaCalculator.Calculate(policy, current, samples, history ?? ScalingHistory.Empty, Start);

    private static ScalingHistory Watched(int wish) => new()
    {
        KnownSince = Start - TimeSpan.FromHours(1),
        Recommendations = [(Start - TimeSpan.FromSeconds(50), wish)],
    };

    private static List<ReplicaSample> Even(int replicas, double running, double waiting, double? hitRate = null) =>
        [.. Enumerable.Range(0, replicas).Select(i => Ready($"pod-{i}", new ReplicaLoad(waiting / replicas, running / replicas, 0.1, hitRate, 0)))];

    private static ReplicaSample Ready(string pod, ReplicaLoad? load) => new() { Pod = pod, ReadySince = Start - TimeSpan.FromMinutes(10), Load = load };

    private static ReplicaSample Pending(string pod) => new() { Pod = pod };
}
