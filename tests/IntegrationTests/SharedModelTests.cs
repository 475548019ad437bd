using System.Net;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.TestSupport;

namespace Octavo.IntegrationTests;

/// <summary>Models that one Job fetches for all services, from a hub in the test's process.</summary>
[Collection(PlatformCollection.Name)]
public sealed class SharedModelTests(Platform platform) : IAsyncLifetime
{
    private ModelHub hub = null!;

    public async Task InitializeAsync() => hub = await ModelHub.StartAsync();

    public async Task DisposeAsync() => await hub.DisposeAsync();

    [Fact]
    public async Task Apply_TwoServicesOfOneModel_OneJobFetchesItOnceAndAgainWhenItIsLost()
    {
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        hub.Gate = open.Task;
        await CreateClaimAsync("shared");
        await platform.ApplyAsync("first", spec => Point(spec, "shared"));
        await platform.ApplyAsync("second", spec => Point(spec, "shared"));
        await Eventually.HoldsAsync(() => hub.Downloads == 1, "the weights are asked for");
        await platform.WaitAsync("second", s => Reason(s, "WorkloadReady") == "WaitingForModel" && Reason(s, "ModelReady") == "Fetching");

        // In the middle of it the operator dies: the Job goes on, and the next operator with it.
        await Platform.KillAsync(platform.OperatorProcess.Id);
        await platform.StartOperatorAsync();
        open.SetResult();
        await platform.WaitReadyAsync("first");
        var second = await platform.WaitReadyAsync("second");
        using var answer = await FirstLightTests.RetryUntilRoutedAsync(() => platform.ChatAsync("second", "Hello"));

        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        hub.Downloads.Should().Be(1);
        var job = (await JobsAsync("shared")).Single();
        job.Metadata.OwnerReferences!.Select(o => o.Name).Should().BeEquivalentTo("first", "second");
        ((long?)second["status"]!["model"]!["bytes"]).Should().BePositive();

        // An hour later somebody empties the cache, and a replica is made anew.
        await AgeAsync(job);
        foreach (var model in Directory.GetDirectories(platform.StateFolder, "tiny-v1-*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).Where(d => d.Contains("shared", StringComparison.Ordinal)))
        {
            Directory.Delete(model, recursive: true);
        }

        await DeletePodsAsync("first");
        await UntilAsync(async () => (await JobsAsync("shared")).Any(j => j.Metadata.Name!.EndsWith("-2", StringComparison.Ordinal) && j.Status?.Succeeded == 1), "the model is fetched again");
        hub.Downloads.Should().Be(2);
        await DeletePodsAsync("first");
        await platform.WaitAsync("first", s => Reason(s, "WorkloadReady") == "ReplicasReady");

        await platform.DeleteAsync("first");
        await UntilAsync(async () => (await OwnersAsync("shared")) == "second", "the Job is the other one's");
        await platform.DeleteAsync("second");
        await UntilAsync(async () => (await JobsAsync("shared")).Count == 0, "the Job went with the last");
    }

    [Fact]
    public async Task Apply_ModelIsGated_TheJobEndsAtOnceAndIsRunAgainWhenItIsDeleted()
    {
        hub.Refusal = "GatedRepo";
        await CreateClaimAsync("gated");
        await platform.ApplyAsync("gated-shared", spec => Point(spec, "gated"));

        var service = await platform.WaitAsync("gated-shared", s => Reason(s, "Stalled") == "Unauthorized");

        Platform.Condition(service, "ModelReady")!["message"]!.GetValue<string>().Should().Contain(ModelHub.Uri).And.Contain("gated").And.Contain("is deleted");
        var job = (await JobsAsync("gated")).Single();
        (job.Status!.Failed, job.Status.Conditions!.Single(c => c.Type == "Failed").Reason).Should().Be((1, "PodFailurePolicy"));

        hub.Refusal = null;
        await platform.Client.DeleteAsync<V1Job>(job.Metadata.Name!, "default", new V1DeleteOptions { PropagationPolicy = "Background" }, Platform.Timeout(10));
        await platform.WaitReadyAsync("gated-shared");
        await platform.DeleteAsync("gated-shared");
    }

    private static string? Reason(JsonObject service, string type) => (string?)Platform.Condition(service, type)?["reason"];

    private void Point(JsonObject spec, string claim)
    {
        spec["model"]!["uri"] = ModelHub.Uri;
        spec["runtime"]!["env"] = new JsonArray(new JsonObject { ["name"] = "HF_ENDPOINT", ["value"] = hub.Url });
        spec["storage"] = new JsonObject { ["claimName"] = claim, ["fill"] = "Job" };
    }

    private Task CreateClaimAsync(string name) => platform.Client.CreateAsync(
        new V1PersistentVolumeClaim
        {
            Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = "default" },
            Spec = new V1PersistentVolumeClaimSpec { AccessModes = ["ReadWriteMany"], Resources = new V1ResourceRequirements { Requests = new Dictionary<string, string> { ["storage"] = "1Gi" } } },
        },
        null,
        Platform.Timeout(10));

    /// <summary>Those that fetch onto a claim.</summary>
    private async Task<IReadOnlyList<V1Job>> JobsAsync(string claim) =>
    [
        .. (await platform.Client.ListAsync<V1Job>("default", null, Platform.Timeout(10))).Items
            .Where(j => j.Metadata.DeletionTimestamp is null && j.Spec!.Template!.Spec!.Volumes!.Any(v => v.PersistentVolumeClaim?.ClaimName == claim)),
    ];

    /// <summary>Names with spaces between, of Jobs with commas.</summary>
    private async Task<string> OwnersAsync(string claim) =>
        string.Join(',', (await JobsAsync(claim)).Select(j => string.Join(' ', (j.Metadata.OwnerReferences ?? []).Select(o => o.Name).Order(StringComparer.Ordinal))));

    private async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        var timeout = Platform.Timeout();
        while (!await holds())
        {
            timeout.IsCancellationRequested.Should().BeFalse($"{what}; operator: {platform.OperatorProcess.Tail}");
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, CancellationToken.None);
        }
    }

    private async Task AgeAsync(V1Job job)
    {
        var status = new JsonObject { ["status"] = new JsonObject { ["completionTime"] = job.Status!.CompletionTime!.Value.AddHours(-1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture) } };
        await platform.Client.PatchAsync<V1Job>(job.Metadata.Name!, "default", new V1Patch(status, V1PatchType.MergePatch), "status", null, Platform.Timeout(10));
    }

    private async Task DeletePodsAsync(string service)
    {
        foreach (var pod in await platform.PodsAsync(service))
        {
            await platform.Client.DeleteAsync<V1Pod>(pod.Metadata.Name!, "default", new V1DeleteOptions { GracePeriodSeconds = 0 }, Platform.Timeout(10));
        }
    }
}
