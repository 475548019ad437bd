using System.Text.Json.Nodes;
using Octavo.ControllerRuntime;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster;
using Octavo.LocalCluster.ApiServer.Faults;
using Octavo.LocalCluster.Controllers;
using Octavo.LocalCluster.Node.Hollow;
using Octavo.Operator.Configuration;
using Octavo.Operator.Entities;
using Octavo.Operator.Storage;
using Octavo.OperatorCluster.Tests.Harness;
using Octavo.ServingContract;

namespace Octavo.OperatorCluster.Tests.Chaos;

/// <summary>Plays a schedule: two operators, three nodes with accelerators, and at the end everything must be as it was last wished, and quiet.</summary>
internal sealed class ChaosRun : IAsyncDisposable
{
    /// <summary>Beginning of every operator's User-Agent.</summary>
    private const string Operators = "octavo-operator";

    /// <summary>Between the clocks of any two operators that follow each other.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromHours(1);

    public static readonly TimeSpan Peace = TimeSpan.FromSeconds(1.5);

    private readonly ChaosSchedule schedule;
    private readonly ClusterHarness harness;
    private readonly InvariantWatch watch;
    private readonly Dictionary<string, ServiceWish> wishes = new(StringComparer.Ordinal);
    private readonly HashSet<string> failed = new(StringComparer.Ordinal);
    private readonly List<Task> healing = [];
    private int started;
    private int version = 1;

    private ChaosRun(ChaosSchedule schedule, ClusterHarness harness, InvariantWatch watch) => (this.schedule, this.harness, this.watch) = (schedule, harness, watch);

    public InvariantWatch Watch => watch;

    public ClusterHarness Harness => harness;

    public static async Task<ChaosRun> StartAsync(ChaosSchedule schedule, CancellationToken cancellationToken)
    {
        var harness = await ClusterHarness.StartAsync(Options(schedule.Seed), cancellationToken);
        var run = new ChaosRun(schedule, harness, await InvariantWatch.StartAsync(harness.Client, new HurriedTime(ClusterHarness.Pace), cancellationToken));
        await harness.CreateClaimAsync(ServiceWish.Claim, cancellationToken);
        await run.StartOperatorAsync(cancellationToken);
        await run.StartOperatorAsync(cancellationToken);
        return run;
    }

    public async Task PlayAsync(CancellationToken cancellationToken)
    {
        foreach (var (pause, step) in schedule.Steps)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(pause), TimeProvider.System, cancellationToken);
            await DoAsync(step, cancellationToken);
        }

        await Task.WhenAll(healing);
        harness.Faults.Clear();
        await DoAsync(new ChaosStep.RecoverNodes(), cancellationToken);
    }

    /// <summary>Waits until all is as wished, and stays so without a write: the last drift may not have been seen yet, and events come after what they tell.</summary>
    public Task ConvergeAsync(TimeSpan limit, CancellationToken cancellationToken) => ClusterHarness.UntilAsync(
        async () => Missing()
            ?? await MissingFetchAsync(cancellationToken)
            ?? (harness.Operators.Count(o => o.IsLeader) == 1 ? null : "one leader")
            ?? ((await ObjectVersions.ChangesDuringAsync(harness.Client, Peace, cancellationToken)) is { Count: > 0 } writes ? string.Join("; ", writes) : null),
        limit,
        cancellationToken);

    /// <summary>How often the writer changed, leases left out: at most once for each change of the lease's holder, or two wrote at the same time.</summary>
    public async Task<(int WriterChanges, long LeaseTransitions)> WritersAsync(CancellationToken cancellationToken)
    {
        var writers = harness.Writes.Writes.Where(w => w.Kind is not "Lease").OrderBy(w => w.At).Select(w => w.Operator).ToList();
        var lease = await harness.Client.GetAsync<V1Lease>(Operators, ClusterHarness.Namespace, cancellationToken);
        return (writers.Zip(writers.Skip(1)).Count(pair => pair.First != pair.Second), lease.Spec?.LeaseTransitions ?? 0);
    }

    public async ValueTask DisposeAsync()
    {
        harness.Faults.Clear();
        await Task.WhenAll(healing);
        await watch.DisposeAsync();
        await harness.DisposeAsync();
    }

    private static LocalClusterOptions Options(int seed) => new()
    {
        NodeList =
        [
            .. Enumerable.Range(0, ChaosSchedule.Nodes).Select(n => new ClusterNode
            {
                Name = $"node-{n}", IsHollow = true, Resources = new Dictionary<string, string> { [ServiceWish.Resource] = $"{ChaosSchedule.AcceleratorsOfANode}" },
            }),
        ],
        Controllers = new ControllerManagerOptions { NodeGracePeriod = TimeSpan.FromSeconds(60) },
        PodScript = pod =>
        {
            // By the pod's own name, so that how fast it is does not hang on the order of events.
            var random = new Random(pod.Metadata.Name!.Aggregate(seed, (hash, c) => unchecked((hash * 31) + c)));
            return IsFetch(pod) ? new PodScript { ExitAfter = TimeSpan.FromSeconds(random.Next(1, 10)) } : new PodScript
            {
                StartAfter = TimeSpan.FromSeconds(random.Next(3)),
                ReadyAfter = TimeSpan.FromSeconds(random.Next(6)),
                // A drain ends before its time, so whoever is killed was killed too soon.
                StopAfter = TimeSpan.FromSeconds(random.NextDouble() * ServiceWish.DrainSeconds),
            };
        },
    };

    private async Task DoAsync(ChaosStep step, CancellationToken cancellationToken)
    {
        switch (step)
        {
            case ChaosStep.Wish wish:
                wishes[wish.Service] = wish.Wanted;
                watch.UserWrote(await harness.ApplyAsync(wish.Service, wish.Wanted.ToSpec(), cancellationToken));
                break;
            case ChaosStep.DeleteService gone:
                wishes.Remove(gone.Service);
                await IgnoreMissingAsync(() => harness.Client.DeleteAsync<V1Alpha1InferenceService>(gone.Service, ClusterHarness.Namespace, null, cancellationToken));
                break;
            case ChaosStep.DeletePod pod:
                if (PodsOf(pod.Service) is { Count: > 0 } pods)
                {
                    await IgnoreMissingAsync(() => harness.Client.DeleteAsync<V1Pod>(pods[pod.Index % pods.Count].Metadata.Name!, ClusterHarness.Namespace, null, cancellationToken));
                }

                break;
            case ChaosStep.Drift drift:
                await IgnoreMissingAsync(() => harness.Client.PatchAsync<V1Deployment>(
                    drift.Service, ClusterHarness.Namespace, new V1Patch(JsonNode.Parse("""{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":600}}}}""")!, V1PatchType.MergePatch), null, null, cancellationToken));
                break;
            case ChaosStep.FailNode node:
                // One at a time: with all of them gone nothing could be proven.
                if (failed.Count == 0 && failed.Add(node.Node))
                {
                    await harness.Host.HollowNodes.FailAsync(node.Node);
                }

                break;
            case ChaosStep.RecoverNodes:
                await Task.WhenAll(failed.Select(n => harness.Host.HollowNodes.RecoverAsync(n, cancellationToken)));
                failed.Clear();
                break;
            case ChaosStep.PartitionLeader partition:
                if (harness.Operators.FirstOrDefault(o => o.IsLeader) is { } leader)
                {
                    var rule = harness.Faults.Add(new FaultRule { Kind = FaultKind.ServerError, Client = $"{Operators}/{leader.Name}" });
                    healing.Add(HealAsync(rule, partition.Seconds, cancellationToken));
                }

                break;
            case ChaosStep.KillLeader kill:
                await KillAsync(kill.Upgrades, cancellationToken);
                break;
            case ChaosStep.Compact:
                harness.Host.ApiServer.Compact();
                break;
            case ChaosStep.Storm storm:
                harness.Faults.Add(new FaultRule { Kind = storm.Kind, Rate = storm.Rate, Verbs = storm.Verbs, Client = Operators, Delay = TimeSpan.FromSeconds(3) });
                break;
            case ChaosStep.Calm:
                harness.Faults.Clear();
                break;
        }
    }

    private async Task HealAsync(int rule, int seconds, CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromSeconds((double)seconds / ClusterHarness.Pace), TimeProvider.System, cancellationToken);
        harness.Faults.Remove(rule);
    }

    private async Task KillAsync(bool upgrades, CancellationToken cancellationToken)
    {
        if (harness.Operators.FirstOrDefault(o => o.IsLeader) is not { } leader)
        {
            return;
        }

        // Cut off first, so that nothing is finished and the lease is not given back.
        harness.Faults.Add(new FaultRule { Kind = FaultKind.ServerError, Client = $"{Operators}/{leader.Name}" });
        await harness.StopOperatorAsync(leader);
        version += upgrades ? 1 : 0;
        await StartOperatorAsync(cancellationToken);
    }

    private Task StartOperatorAsync(CancellationToken cancellationToken)
    {
        // Clocks of two machines: every other one is an hour ahead.
        var skew = Skew * (started % 2);
        return harness.StartOperatorAsync($"{started++}", cancellationToken, new OperatorOptions { RuntimeImage = $"octavo/serving-runtime:{version}" }, skew);
    }

    private List<V1Pod> PodsOf(string service) =>
        [.. watch.Pods.List().Where(p => p.Metadata.Labels?.GetValueOrDefault(ServingLabels.InferenceService) == service).OrderBy(p => p.Metadata.Name, StringComparer.Ordinal)];

    private string? Missing()
    {
        foreach (var service in watch.Services.List().Where(s => !wishes.ContainsKey(s.Metadata.Name!)))
        {
            return $"{service.Metadata.Name} is deleted and still there";
        }

        foreach (var (name, wish) in wishes)
        {
            var service = watch.Services.Get(new NamespacedName(ClusterHarness.Namespace, name));
            var pods = PodsOf(name);
            if (service is null)
            {
                return $"{name} is not there";
            }

            var conditions = service.Status?.Conditions ?? [];
            if (service.Status?.ObservedGeneration != service.Metadata.Generation || (service.Status?.ReadyReplicas ?? 0) != wish.Replicas
                || !conditions.Any(c => c is { Type: "Ready", Status: "True" }) || conditions.Any(c => c.Type is "Reconciling" or "Stalled"))
            {
                return $"{name} ({wish}): {string.Join(", ", conditions.Select(c => $"{c.Type}={c.Status} {c.Reason}: {c.Message}"))}; "
                    + $"ready {service.Status?.ReadyReplicas}, observed {service.Status?.ObservedGeneration} of {service.Metadata.Generation}";
            }

            if (pods.Count != wish.Replicas || pods.Any(p => !Matches(p, wish)))
            {
                return $"{name} ({wish}) has pods {string.Join(", ", pods.Select(p => $"{p.Metadata.Name} {p.Status?.Phase}"))}";
            }
        }

        var left = watch.Pods.List().Where(p => p.Metadata.Labels?.GetValueOrDefault(ServingLabels.InferenceService) is { } of && !wishes.ContainsKey(of)).ToList();
        return left.Count > 0 ? $"pods of deleted services: {string.Join(", ", left.Select(p => p.Metadata.Name))}" : null;
    }

    /// <summary>One Job for all services that share the model, theirs together, and none where nobody does.</summary>
    private async Task<string?> MissingFetchAsync(CancellationToken cancellationToken)
    {
        var jobs = (await harness.Client.ListAsync<V1Job>(ClusterHarness.Namespace, null, cancellationToken)).Items;
        var owners = jobs.Select(j => string.Join(' ', (j.Metadata.OwnerReferences ?? []).Select(o => o.Name).Order(StringComparer.Ordinal))).ToList();
        var sharing = string.Join(' ', wishes.Where(w => w.Value.SharesModel).Select(w => w.Key).Order(StringComparer.Ordinal));
        return owners.SequenceEqual(sharing.Length == 0 ? [] : [sharing]) ? null : $"a Job of each of '{string.Join("', '", owners)}' where '{sharing}' share one";
    }

    private static bool IsFetch(V1Pod pod) => pod.Metadata.Labels?.ContainsKey(FillJob.HashLabel) == true;

    private static bool Matches(V1Pod pod, ServiceWish wish) =>
        pod.Metadata.DeletionTimestamp is null
        && pod.Spec!.Containers!.Single(c => c.Name == "runtime").Args!.Contains($"{1024 + wish.Variant}")
        && pod.Spec.TerminationGracePeriodSeconds < 600;

    private static async Task IgnoreMissingAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (KubernetesException exception) when (exception.IsNotFound || exception.IsConflict)
        {
            // It went before, or changed meanwhile: the step has nothing to do.
        }
    }
}
