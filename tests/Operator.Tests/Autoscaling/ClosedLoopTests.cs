using Octavo.Operator.Autoscaling;

namespace Octavo.Operator.Tests.Autoscaling;

/// <summary>The calculator in a loop with replicas that start, queue and serve: what tables of single decisions cannot show.</summary>
public sealed class ClosedLoopTests
{
    private static readonly ScalingPolicy Policy = new() { MinReplicas = 1, MaxReplicas = 3, QueueDepth = 4, SlotsPerReplica = 8, ScaleDownWindow = TimeSpan.FromSeconds(10) };

    [Fact]
    public void BurstThenQuiet_GoesUpAndReturnsWithoutSwinging()
    {
        var changes = Run(Policy, clients: t => t is >= 10 and < 60 ? 40 : 0, seconds: 120);

        changes.Should().Equal((10, 3), (changes[^1].At, 1));
        changes[^1].At.Should().BeInRange(68, 90);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(9)]
    [InlineData(12)]
    [InlineData(16)]
    [InlineData(20)]
    [InlineData(27)]
    [InlineData(33)]
    [InlineData(60)]
    public void SteadyLoad_SettlesAndStays(int clients)
    {
        var changes = Run(Policy, _ => clients, seconds: 900);

        changes.Should().HaveCountLessThanOrEqualTo(2, "a steady load has one right number");
        changes.Should().NotContain(c => c.At >= 60);
    }

    [Fact]
    public void SlowWave_FollowsWithOneChangeEachWayPerStep()
    {
        // From 0 to 40 clients and back, ten minutes each way.
        var changes = Run(Policy, t => (int)(40 * (1 - Math.Abs(t - 600) / 600.0)), seconds: 1200);

        changes.Select(c => c.Replicas).Should().Equal(2, 3, 2, 1);
    }

    /// <summary>
    /// Clients hold one request each; a request takes 4 s in a slot; requests are spread evenly, a replica is ready 6 s after it is wanted.
    /// Returns each change with its second.
    /// </summary>
    private static List<(int At, int Replicas)> Run(ScalingPolicy policy, Func<int, int> clients, int seconds)
    {
        const int StartSeconds = 6;
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var history = ScalingHistory.Empty;
        var readyAt = new List<int> { 0 };
        var wanted = 1;
        var changes = new List<(int At, int Replicas)>();
        for (var t = 0; t < seconds; t += 2)
        {
            var ready = readyAt.Count(r => r <= t);
            var perReplica = (double)clients(t) / ready;
            var samples = readyAt.Select((since, i) => new ReplicaSample
            {
                Pod = $"pod-{i}",
                ReadySince = since <= t ? start.AddSeconds(since) : null,
                Load = since <= t ? new ReplicaLoad(Math.Max(0, perReplica - 8), Math.Min(8, perReplica), Math.Min(8, perReplica) / 16, 0.3, 0) : null,
            }).ToList();
            var outcome = ReplicaCalculator.Calculate(policy, wanted, samples, history, start.AddSeconds(t));
            history = outcome.History;
            if (outcome.Replicas == wanted)
            {
                continue;
            }

            changes.Add((t, outcome.Replicas));
            readyAt.AddRange(Enumerable.Repeat(t + StartSeconds, Math.Max(0, outcome.Replicas - wanted)));
            readyAt.RemoveRange(outcome.Replicas, readyAt.Count - outcome.Replicas);
            wanted = outcome.Replicas;
        }

        return changes;
    }
}
