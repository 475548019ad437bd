using Octavo.Operator.Autoscaling;
using Octavo.Operator.Scraping;

namespace Octavo.Operator.Tests.Autoscaling;

/// <summary>The calculator in a loop with replicas that compute prompts and whose caches fill: what requests in slots cannot show.</summary>
public sealed class CachedLoopTests
{
    private const int PromptTokens = 1000;
    private const int TokensPerSecond = 2000;
    private const double WarmHitRate = 0.6;
    private const int WarmUpSeconds = 30;

    private static readonly ScalingPolicy Policy = new()
    {
        MinReplicas = 1, MaxReplicas = 8, QueueDepth = 100, SlotsPerReplica = 64, UncachedPrefillTokens = 2500, ScaleDownWindow = TimeSpan.FromSeconds(60), WishedWarmUp = TimeSpan.FromSeconds(WarmUpSeconds),
    };

    [Fact]
    public void MoreThanOneComputes_AddsOneAndKeepsItWhenTheBacklogIsGone()
    {
        var changes = Run(Policy, requestsPerSecond: _ => 6, seconds: 900);

        changes.Select(c => c.Replicas).Should().Equal(2);
        changes[0].At.Should().BeLessThan(20);
    }

    [Fact]
    public void MoreThanOneComputesButColdCountsAsWarm_AddsMoreThanItNeeds() =>
        Run(Policy with { WishedWarmUp = TimeSpan.Zero }, _ => 6, seconds: 60).Select(c => c.Replicas).Should().HaveCountGreaterThan(1, "the new replica's dip looks like demand");

    [Fact]
    public void LoadEnds_GoesBackToOne() =>
        Run(Policy, t => t < 300 ? 6 : 2, seconds: 900).Select(c => c.Replicas).Should().Equal(2, 1);

    /// <summary>
    /// Requests are spread evenly over ready replicas; each leaves the part of its prompt that is not cached to be computed; a replica's cache fills
    /// within the warm-up, and it is ready 6 s after it is wanted. Returns each change with its second.
    /// </summary>
    private static List<(int At, int Replicas)> Run(ScalingPolicy policy, Func<int, double> requestsPerSecond, int seconds)
    {
        const int StartSeconds = 6;
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var replicas = new List<Replica> { new(ReadyAt: -3600) };
        var history = ScalingHistory.Empty;
        var changes = new List<(int At, int Replicas)>();
        for (var t = 0; t < seconds; t++)
        {
            var ready = replicas.Where(r => r.ReadyAt <= t).ToList();
            ready.ForEach(r => r.Serve(requestsPerSecond(t) / ready.Count, t));
            if (t % 2 != 0)
            {
                continue;
            }

            var now = start.AddSeconds(t);
            var samples = replicas.Select((r, i) => new ReplicaSample
            {
                Pod = $"pod-{i}",
                ReadySince = r.ReadyAt <= t ? start.AddSeconds(r.ReadyAt) : null,
                Load = r.ReadyAt <= t ? r.Tell(now) : null,
            }).ToList();
            var outcome = ReplicaCalculator.Calculate(policy, replicas.Count, samples, history, now);
            history = outcome.History;
            if (outcome.Replicas == replicas.Count)
            {
                continue;
            }

            changes.Add((t, outcome.Replicas));
            replicas.AddRange(Enumerable.Range(0, Math.Max(0, outcome.Replicas - replicas.Count)).Select(_ => new Replica(t + StartSeconds)));
            replicas.RemoveRange(outcome.Replicas, replicas.Count - outcome.Replicas);
        }

        return changes;
    }

    private sealed record Replica(int ReadyAt)
    {
        private CounterWindow window = CounterWindow.Empty;
        private double backlog;
        private double computed;
        private double hits;

        public void Serve(double requests, int t)
        {
            var hitRate = WarmHitRate * Math.Min(1, (t - ReadyAt) / (double)WarmUpSeconds);
            backlog += requests * PromptTokens * (1 - hitRate);
            var done = Math.Min(backlog, TokensPerSecond);
            backlog -= done;
            computed += done;
            hits += done * hitRate / (1 - hitRate);
        }

        public ReplicaLoad Tell(DateTimeOffset now)
        {
            var counters = new ReplicaCounters { PromptTokens = computed + hits, CacheQueries = computed + hits, CacheHits = hits };
            window = window.With(now, counters);
            return ReplicaLoad.Of(new ReplicaReading(backlog / PromptTokens, 2, 0.1) { UncachedQueuedTokens = backlog, Counters = counters }, window.Rates);
        }
    }
}
