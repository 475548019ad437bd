using System.Net;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Tests.Controller;

/// <summary>Children that are there already: the service's own, orphans, leftovers of an earlier life, strangers.</summary>
public sealed class AdoptionTests
{
    private readonly OperatorHarness harness = new();

    [Theory]
    [InlineData(true, true, false, Ownership.Orphan)]
    [InlineData(false, true, false, Ownership.Foreign)]
    [InlineData(true, false, false, Ownership.Foreign)]
    [InlineData(true, true, true, Ownership.Leaving)]
    public void OwnershipOf_NoController_DependsOnLabelsAndLife(bool managed, bool named, bool deleting, object expected)
    {
        var labels = new Dictionary<string, string>();
        if (managed)
        {
            labels["app.kubernetes.io/managed-by"] = "octavo-operator";
        }

        if (named)
        {
            labels["serving.octavo.dev/inference-service"] = "chat";
        }

        ServingObjectMeta.OwnershipOf(Service("u1"), new V1ObjectMeta { Name = "chat", Labels = labels, DeletionTimestamp = deleting ? DateTimeOffset.UnixEpoch : null }).Should().Be((Ownership)expected);
    }

    [Theory]
    [InlineData("serving.octavo.dev/v1alpha1", "InferenceService", "chat", "u1", Ownership.Own)]
    [InlineData("serving.octavo.dev/v1alpha1", "InferenceService", "chat", "u0", Ownership.Leaving)]
    [InlineData("serving.octavo.dev/v1alpha1", "InferenceService", "other", "u0", Ownership.Foreign)]
    [InlineData("serving.kserve.io/v1beta1", "InferenceService", "chat", "u0", Ownership.Foreign)]
    [InlineData("apps/v1", "StatefulSet", "chat", "u0", Ownership.Foreign)]
    public void OwnershipOf_Controller_DependsOnWhoItIs(string apiVersion, string kind, string name, string uid, object expected)
    {
        var owner = new V1OwnerReference { ApiVersion = apiVersion, Kind = kind, Name = name, Uid = uid, Controller = true };
        var labels = new Dictionary<string, string> { ["app.kubernetes.io/managed-by"] = "octavo-operator", ["serving.octavo.dev/inference-service"] = "chat" };

        ServingObjectMeta.OwnershipOf(Service("u1"), new V1ObjectMeta { Name = "chat", Labels = labels, OwnerReferences = [owner] }).Should().Be((Ownership)expected);
    }

    [Fact]
    public async Task ReconcileAsync_DeletedWithOrphansAndMadeAgain_TakesThemOverAndRollsNothing()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 1);
        await harness.ReconcileAsync();
        var template = (await harness.DeploymentAsync())!.Spec!.Template;
        await harness.Client.DeleteAsync<V1Alpha1InferenceService>(OperatorHarness.Name, OperatorHarness.Namespace, null, CancellationToken.None);
        await OrphanAsync<V1Deployment>();
        await OrphanAsync<V1Service>();
        await OrphanAsync<V1ControllerRevision>();
        await harness.CreateAsync();

        await harness.ReconcileAsync();

        var service = await harness.ServiceAsync();
        var deployment = (await harness.DeploymentAsync())!;
        deployment.Metadata.OwnerReferences.Should().ContainSingle().Which.Uid.Should().Be(service.Metadata.Uid);
        KubernetesJson.DeepEquals(deployment.Spec!.Template, template).Should().BeTrue();
        (await harness.Client.ListAsync<V1ControllerRevision>(OperatorHarness.Namespace, null, CancellationToken.None)).Items
            .Should().ContainSingle().Which.Metadata.OwnerReferences.Should().ContainSingle().Which.Uid.Should().Be(service.Metadata.Uid);
        (await harness.EventsAsync()).Where(e => e.Reason == "Adopted").Should().HaveCount(2);
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
        KStatus.Of(service).Should().Be("Current");
    }

    [Fact]
    public async Task ReconcileAsync_LeftoverOfAnEarlierService_IsWaitedForAndThenMadeAnew()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 1);
        await harness.Client.DeleteAsync<V1Alpha1InferenceService>(OperatorHarness.Name, OperatorHarness.Namespace, null, CancellationToken.None);
        await harness.CreateAsync();
        await harness.SyncAsync();

        var result = await harness.Controller.ReconcileAsync(await harness.ServiceAsync(), CancellationToken.None);

        result.RequeueAfter.Should().NotBeNull();
        (await harness.ConditionAsync("WorkloadReady"))!.Reason.Should().Be("WaitingForDeletion");
        (await harness.ConditionAsync("Ready"))!.Status.Should().Be("False", "the replicas of the earlier service are going");
        KStatus.Of(await harness.ServiceAsync()).Should().Be("InProgress");
        await harness.Client.DeleteAsync<V1Deployment>(OperatorHarness.Name, OperatorHarness.Namespace, null, CancellationToken.None);
        await harness.Client.DeleteAsync<V1Service>(OperatorHarness.Name, OperatorHarness.Namespace, null, CancellationToken.None);
        await harness.ReconcileAsync();
        (await harness.DeploymentAsync())!.Metadata.OwnerReferences!.Single().Uid.Should().Be((await harness.ServiceAsync()).Metadata.Uid);
    }

    [Fact]
    public async Task ReconcileAsync_ForeignServiceOfThatName_NoReplicaIsMadeForNobody()
    {
        await harness.Client.CreateAsync(
            new V1Service { Metadata = new V1ObjectMeta { Name = OperatorHarness.Name, NamespaceProperty = OperatorHarness.Namespace }, Spec = new V1ServiceSpec { Type = "ExternalName" } }, null, CancellationToken.None);
        await harness.CreateAsync();

        await harness.ReconcileAsync();

        (await harness.DeploymentAsync()).Should().BeNull();
        (await harness.ServiceAsync()).Status!.Url.Should().BeNull();
        (await harness.ConditionAsync("WorkloadReady"))!.Should().Match<V1Condition>(c => c.Reason == "NameConflict" && c.Message!.StartsWith("Service chat", StringComparison.Ordinal));
        KStatus.Of(await harness.ServiceAsync()).Should().Be("Failed");
        (await harness.Client.GetAsync<V1Service>(OperatorHarness.Name, OperatorHarness.Namespace, CancellationToken.None)).Spec!.Type.Should().Be("ExternalName");
    }

    [Theory]
    [InlineData(HttpStatusCode.UnprocessableEntity)]
    [InlineData(HttpStatusCode.Forbidden)]
    public async Task ReconcileAsync_ServiceIsRefusedByTheServer_SaysSoAndDoesNotTryForEver(HttpStatusCode code)
    {
        await harness.CreateAsync();
        harness.Client.OnRequest = (request, _) => request is { Verb: "apply", Kind: "Service" } ? throw new KubernetesException(code, null, "exceeded quota: services") : Task.CompletedTask;

        await harness.ReconcileAsync();

        (await harness.ConditionAsync("Stalled"))!.Should().Match<V1Condition>(c => c.Reason == "InvalidService" && c.Message == "exceeded quota: services");
        (await harness.DeploymentAsync()).Should().BeNull();
    }

    [Fact]
    public async Task ReconcileAsync_LifeOfAService_ReadsAsItIs()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 1);
        await harness.ReconcileAsync();
        await harness.ChangeSpecAsync(spec => spec with { Replicas = 2 });
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 2);
        await harness.ReconcileAsync();
        await harness.ChangeSpecAsync(spec => spec with { Model = spec.Model with { Uri = "s3:///nowhere" } });
        await harness.ReconcileAsync();

        harness.Statuses.Story.Should().Equal("InProgress", "Current", "InProgress", "Current", "Failed");
    }

    private static V1Alpha1InferenceService Service(string uid) => new() { Metadata = new V1ObjectMeta { Name = "chat", NamespaceProperty = "team", Uid = uid }, Spec = OperatorHarness.Spec() };

    /// <summary>What the garbage collector does with the dependents of an owner that was deleted so that they stay.</summary>
    private async Task OrphanAsync<T>() where T : class, IKubernetesObject
    {
        foreach (var child in (await harness.Client.ListAsync<T>(OperatorHarness.Namespace, null, CancellationToken.None)).Items)
        {
            child.Metadata.OwnerReferences.Should().NotBeNull();
            var patch = System.Text.Json.Nodes.JsonNode.Parse("""{"metadata":{"ownerReferences":null}}""")!;
            await harness.Client.PatchAsync<T>(child.Metadata.Name!, OperatorHarness.Namespace, new V1Patch(patch, V1PatchType.MergePatch), null, null, CancellationToken.None);
        }
    }
}
