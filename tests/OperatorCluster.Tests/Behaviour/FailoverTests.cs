using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster;
using Octavo.LocalCluster.ApiServer.Faults;
using Octavo.LocalCluster.Node.Hollow;
using Octavo.OperatorCluster.Tests.Chaos;
using Octavo.OperatorCluster.Tests.Harness;
using Xunit.Abstractions;

namespace Octavo.OperatorCluster.Tests.Behaviour;

/// <summary>
/// Two whole operators with the lease's times as they are shipped, on clocks an hour apart. The leader is lost amid a rollout, and the user changes the wish once more: only who leads next
/// can carry that out. Time in which the machine stood still does not count, and a run in which it stood still for long is played again: the lease may have gone by itself.
/// </summary>
public sealed class FailoverTests(ITestOutputHelper output)
{
    private const string Name = "chat";
    private const string Leader = "octavo-operator/a";
    private const int Attempts = 3;

    /// <summary>A failover takes 16.6 s at most, so what a busy machine may lose is 1.7 s.</summary>
    private const int Pace = 2;

    /// <summary>A leader whose machine stands still for 2.5 s just before it renews gives up: this is well below.</summary>
    private static readonly TimeSpan LongStall = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly HurriedTime Clock = new(Pace);

    [Theory]
    [InlineData("killed", 1, 0)]
    [InlineData("cut off", -1, 0)]
    [InlineData("its requests hang", 1, 0)]
    [InlineData("killed", -1, 0.5)]
    public async Task Leader_LostAmidARollout_AnotherEndsItInTimeAndNobodyWritesOutOfTurn(string trouble, int skewHours, double latencySeconds)
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var stalls = new StallMeter();
            try
            {
                await LoseLeaderAsync(trouble, skewHours, latencySeconds, stalls);
                return;
            }
            catch (Exception exception) when (attempt < Attempts && stalls.Longest > LongStall)
            {
                output.WriteLine($"the machine stood still for {stalls.Longest.TotalSeconds:0.0} s at a time, so once more: {exception.Message}");
            }
        }
    }

    private static async Task LoseLeaderAsync(string trouble, int skewHours, double latencySeconds, StallMeter stalls)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(4), TimeProvider.System);
        var stop = timeout.Token;
        await using var harness = await ClusterHarness.StartAsync(
            new LocalClusterOptions { NodeList = [new ClusterNode { Name = "node-0", IsHollow = true }], PodScript = _ => new PodScript { ReadyAfter = TimeSpan.FromSeconds(4) } }, stop, Pace);
        var leader = await harness.StartOperatorAsync("a", stop);
        await ClusterHarness.UntilAsync(() => Task.FromResult(leader.IsLeader ? null : "a leader"), Limit, stop);
        var other = await harness.StartOperatorAsync("b", stop, skew: TimeSpan.FromHours(skewHours));
        var latency = TimeSpan.FromSeconds(latencySeconds);
        if (latency > TimeSpan.Zero)
        {
            harness.Faults.Add(new FaultRule { Kind = FaultKind.Slow, Client = "octavo-operator", Delay = latency });
        }

        await harness.ApplyAsync(Name, new ServiceWish(3, 0, 0).ToSpec(), stop);
        await UntilServedAsync(0);
        await harness.ApplyAsync(Name, new ServiceWish(3, 0, 1).ToSpec(), stop);
        await ClusterHarness.UntilAsync(
            async () => (await PodsAsync()).Any(p => IsOf(p, 1)) ? null : "a rollout under way", Limit, stop);
        WritersOf().Should().Equal("a");

        var (lost, stalled) = (Clock.GetTimestamp(), stalls.Total);
        var fault = harness.Faults.Add(trouble == "its requests hang"
            ? new FaultRule { Kind = FaultKind.Slow, Client = Leader, Delay = TimeSpan.FromHours(1) }
            : new FaultRule { Kind = FaultKind.ServerError, Client = Leader });
        var ending = trouble == "killed" ? harness.StopOperatorAsync(leader) : Task.CompletedTask;
        await harness.ApplyAsync(Name, new ServiceWish(3, 0, 2).ToSpec(), stop);
        await ClusterHarness.UntilAsync(() => Task.FromResult(WritersOf().Contains("b") ? null : "a write of the other"), Limit, stop);
        var taken = Clock.GetElapsedTime(lost) - ((stalls.Total - stalled) * Pace);

        await ending;
        harness.Faults.Remove(fault);
        await UntilServedAsync(2);
        // Who was lost comes back, and waits for its turn.
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, stop);
        await harness.UntilQuietAsync(stop);
        var late = await ObjectVersions.ChangesDuringAsync(harness.Client, TimeSpan.FromSeconds(1), stop);

        taken.Should().BeLessThan(Bound + (latency * 3));
        WritersOf().Should().Equal("a", "b");
        harness.Operators.Where(o => o.IsLeader).Should().Equal(other);
        late.Should().BeEmpty("no write of an earlier term arrives late");

        // In the order of their writes, each as often as the writer changed; leases are how it changes.
        IReadOnlyList<string> WritersOf() => [.. harness.Writes.Writes.Where(w => w.Kind is not "Lease").OrderBy(w => w.At).Select(w => w.Operator)
            .Aggregate(new List<string>(), (seen, writer) => seen.Count > 0 && seen[^1] == writer ? seen : [.. seen, writer])];

        async Task<IReadOnlyList<V1Pod>> PodsAsync() => [.. (await harness.Client.ListAsync<V1Pod>(ClusterHarness.Namespace, null, stop)).Items];

        static bool IsOf(V1Pod pod, int variant) => pod.Spec!.Containers!.Single(c => c.Name == "runtime").Args!.Contains($"{1024 + variant}");

        async Task UntilServedAsync(int variant) => await ClusterHarness.UntilAsync(
            async () =>
            {
                var service = await harness.FindAsync(Name, stop);
                var pods = await PodsAsync();
                var conditions = service?.Status?.Conditions ?? [];
                return service?.Status?.ObservedGeneration == service?.Metadata.Generation && service?.Status?.ReadyReplicas == 3 && conditions.All(c => c.Type != "Reconciling")
                    && pods.Count == 3 && pods.All(p => IsOf(p, variant))
                    ? null
                    : $"variant {variant}: {string.Join(", ", conditions.Select(c => $"{c.Type}={c.Status} {c.Reason}"))}; {pods.Count} pods\n{string.Join('\n', harness.Log.Lines.TakeLast(20))}";
            },
            Limit,
            stop);
    }
}
