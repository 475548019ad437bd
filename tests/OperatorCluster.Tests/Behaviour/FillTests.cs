using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster;
using Octavo.LocalCluster.Node.Hollow;
using Octavo.Operator.Entities;
using Octavo.Operator.Storage;
using Octavo.OperatorCluster.Tests.Chaos;
using Octavo.OperatorCluster.Tests.Harness;
using Octavo.ServingContract;

namespace Octavo.OperatorCluster.Tests.Behaviour;

/// <summary>Models that a Job fetches for several services, over an API server and controllers that treat Jobs and owners as real ones do.</summary>
public sealed class FillTests
{
    private const string Missing = "hf://org/missing";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Services_ThatShareAModel_ShareAJobThroughChangesRestartsAndDeletion()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(2), TimeProvider.System);
        var stop = timeout.Token;
        await using var harness = await ClusterHarness.StartAsync(
            new LocalClusterOptions { NodeList = [new ClusterNode { Name = "node-0", IsHollow = true }], PodScript = Script }, stop);
        await using var watch = await InvariantWatch.StartAsync(harness.Client, new HurriedTime(ClusterHarness.Pace), stop);
        await harness.CreateClaimAsync("models", stop);
        var first = await harness.StartOperatorAsync("a", stop);

        // Two services, one Job; the operator is replaced while it runs.
        watch.UserWrote(await harness.ApplyAsync("chat", Spec("hf://org/name"), stop));
        watch.UserWrote(await harness.ApplyAsync("draft", Spec("hf://org/name"), stop));
        await ClusterHarness.UntilAsync(async () => await OwnersAsync(harness, stop) is "chat draft" ? null : "one Job of both", Limit, stop);
        var early = await harness.Client.FindAsync<V1Deployment>("chat", ClusterHarness.Namespace, stop);
        (early is null || (await JobsAsync(harness, stop)).Single().Status?.Succeeded == 1).Should().BeTrue("replicas wait for the fetch");
        await harness.StopOperatorAsync(first);
        await harness.StartOperatorAsync("b", stop);
        await UntilAsync(harness, "chat", "Ready=ReplicasReady ModelReady=Loaded WorkloadReady=ReplicasReady", stop);
        await UntilAsync(harness, "draft", "Ready=ReplicasReady ModelReady=Loaded WorkloadReady=ReplicasReady", stop);
        (await JobPodsAsync(harness, stop)).Should().HaveCount(1);
        var jobs = await JobsAsync(harness, stop);
        jobs.Single().Status!.Conditions!.Select(c => c.Type).Should().Equal("SuccessCriteriaMet", "Complete");

        await harness.UntilQuietAsync(stop);
        (await ObjectVersions.ChangesDuringAsync(harness.Client, TimeSpan.FromSeconds(1), stop)).Should().BeEmpty();

        // Another model that cannot be had: what serves goes on, and the Job is the other service's.
        var template = await TemplateAsync(harness, stop);
        watch.UserWrote(await harness.ApplyAsync("chat", Spec(Missing), stop));
        await UntilAsync(harness, "chat", "Ready=PreviousRevision ModelReady=NotFound Stalled=NotFound", stop);
        (await TemplateAsync(harness, stop)).Should().Be(template);
        (await JobsAsync(harness, stop)).Select(j => j.Status!.Failed ?? 0).Should().BeEquivalentTo([0, 1], "what only a person can mend is not tried again");
        await ClusterHarness.UntilAsync(async () => await OwnersAsync(harness, stop) is "chat,draft" or "draft,chat" ? null : await OwnersAsync(harness, stop), Limit, stop);

        // Back again: the finished Job is shared again, and nothing is fetched.
        watch.UserWrote(await harness.ApplyAsync("chat", Spec("hf://org/name"), stop));
        await UntilAsync(harness, "chat", "Ready=ReplicasReady ModelReady=Loaded WorkloadReady=ReplicasReady", stop);
        await ClusterHarness.UntilAsync(async () => await OwnersAsync(harness, stop) is "chat draft" ? null : await OwnersAsync(harness, stop), Limit, stop);
        (await JobsAsync(harness, stop)).Single().Metadata.Uid.Should().Be(jobs.Single().Metadata.Uid);
        (await TemplateAsync(harness, stop)).Should().Be(template);

        // The Job goes with the last of its owners, and its pods with it.
        await harness.Client.DeleteAsync<V1Alpha1InferenceService>("draft", ClusterHarness.Namespace, null, stop);
        await ClusterHarness.UntilAsync(async () => await OwnersAsync(harness, stop) is "chat" ? null : await OwnersAsync(harness, stop), Limit, stop);
        await harness.Client.DeleteAsync<V1Alpha1InferenceService>("chat", ClusterHarness.Namespace, null, stop);
        await ClusterHarness.UntilAsync(async () => (await JobsAsync(harness, stop)).Count + (await JobPodsAsync(harness, stop)).Count == 0 ? null : "Jobs or pods", Limit, stop);
        watch.Violations.Should().BeEmpty();
    }

    [Fact]
    public async Task Service_DeletedWhileItsJobRuns_LeavesNothing()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(1), TimeProvider.System);
        var stop = timeout.Token;
        await using var harness = await ClusterHarness.StartAsync(
            new LocalClusterOptions { NodeList = [new ClusterNode { Name = "node-0", IsHollow = true }], PodScript = _ => new PodScript() }, stop);
        await harness.CreateClaimAsync("models", stop);
        await harness.StartOperatorAsync("a", stop);
        await harness.ApplyAsync("chat", Spec("hf://org/name"), stop);
        await ClusterHarness.UntilAsync(async () => (await JobPodsAsync(harness, stop)).Any(p => p.Status?.Phase == "Running") ? null : "a fetch", Limit, stop);

        await harness.Client.DeleteAsync<V1Alpha1InferenceService>("chat", ClusterHarness.Namespace, null, stop);

        await ClusterHarness.UntilAsync(async () => (await JobsAsync(harness, stop)).Count + (await JobPodsAsync(harness, stop)).Count == 0 ? null : "Jobs or pods", Limit, stop);
    }

    private static InferenceServiceSpec Spec(string uri) => new() { Model = new ModelSpec { Uri = uri }, Storage = new StorageSpec { ClaimName = "models", Fill = "Job" }, Replicas = 1 };

    private static bool IsFetch(V1Pod pod) => pod.Metadata.Labels?.ContainsKey(FillJob.HashLabel) == true;

    /// <summary>A fetch takes ten seconds, or fails at once; replicas are ready at once.</summary>
    private static PodScript Script(V1Pod pod) => !IsFetch(pod) ? new PodScript()
        : pod.Spec!.Containers!.Single().Args!.Contains(Missing) ? new PodScript { ExitAfter = TimeSpan.FromSeconds(1), ExitCode = (int)FetchExitCode.NotFound, TerminationMessage = $"{Missing} does not exist." }
        : new PodScript { ExitAfter = TimeSpan.FromSeconds(10) };

    private static async Task UntilAsync(ClusterHarness harness, string name, string reasons, CancellationToken cancellationToken) => await ClusterHarness.UntilAsync(
        async () =>
        {
            var conditions = (await harness.FindAsync(name, cancellationToken))?.Status?.Conditions ?? [];
            return reasons.Split(' ').All(r => conditions.Any(c => $"{c.Type}={c.Reason}" == r)) ? null : $"{name}: {reasons}; it has {string.Join(", ", conditions.Select(c => $"{c.Type}={c.Status} {c.Reason}: {c.Message}"))}";
        },
        Limit,
        cancellationToken);

    private static async Task<IReadOnlyList<V1Job>> JobsAsync(ClusterHarness harness, CancellationToken cancellationToken) =>
        (await harness.Client.ListAsync<V1Job>(ClusterHarness.Namespace, null, cancellationToken)).Items;

    private static async Task<IReadOnlyList<V1Pod>> JobPodsAsync(ClusterHarness harness, CancellationToken cancellationToken) =>
        (await harness.Client.ListAsync<V1Pod>(ClusterHarness.Namespace, new ListOptions { LabelSelector = FillJob.HashLabel }, cancellationToken)).Items;

    /// <summary>Names of owners with spaces between, of Jobs with commas.</summary>
    private static async Task<string> OwnersAsync(ClusterHarness harness, CancellationToken cancellationToken) => string.Join(
        ',', (await JobsAsync(harness, cancellationToken)).Select(j => string.Join(' ', (j.Metadata.OwnerReferences ?? []).Select(o => o.Name).Order(StringComparer.Ordinal))));

    private static async Task<string?> TemplateAsync(ClusterHarness harness, CancellationToken cancellationToken) =>
        (await harness.Client.FindAsync<V1Deployment>("chat", ClusterHarness.Namespace, cancellationToken))?.Spec?.Template?.Metadata?.Annotations?.GetValueOrDefault("serving.octavo.dev/template-hash");
}
