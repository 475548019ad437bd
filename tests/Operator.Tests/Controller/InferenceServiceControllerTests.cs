using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Configuration;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Tests.Controller;

public sealed class InferenceServiceControllerTests
{
    private readonly OperatorHarness harness = new();

    [Fact]
    public async Task ReconcileAsync_NewService_MakesDeploymentAndServiceAndTellsThatItWorks()
    {
        await harness.CreateAsync();

        await harness.ReconcileAsync();

        var deployment = (await harness.DeploymentAsync())!;
        deployment.Spec!.Replicas.Should().Be(1);
        deployment.Metadata.OwnerReferences.Should().ContainSingle().Which.Uid.Should().Be((await harness.ServiceAsync()).Metadata.Uid);
        var address = await harness.Client.GetAsync<V1Service>(OperatorHarness.Name, OperatorHarness.Namespace, CancellationToken.None);
        address.Metadata.Annotations.Should().Contain("serving.octavo.dev/model-names", "chat");
        var service = await harness.ServiceAsync();
        service.Status!.Url.Should().Be("http://chat.team.svc:8000");
        service.Status.Selector.Should().Be("app.kubernetes.io/name=octavo-serving,serving.octavo.dev/inference-service=chat");
        service.Status.ObservedGeneration.Should().Be(1);
        KStatus.Of(service).Should().Be("InProgress");
    }

    [Fact]
    public async Task ReconcileAsync_AllAsWanted_WritesNothing()
    {
        await harness.CreateAsync(FullSpec());
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 2);
        await harness.ReconcileAsync();

        for (var i = 0; i < 5; i++)
        {
            harness.Time.Advance(TimeSpan.FromMinutes(7));
            (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
        }
    }

    [Fact]
    public async Task ReconcileAsync_StillStarting_WritesNothingUntilSomethingChanges()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();

        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
        await harness.RolloutAsync(ready: 0);
        (await harness.WritesOfReconcileAsync()).Select(w => (w.Verb, w.Kind)).Should().Equal(("apply", "InferenceService"));
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task ReconcileAsync_CacheIsBehind_TellsNothingTwice()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 1);
        await harness.ReconcileAsync();
        harness.Client.ClearRequests();

        await harness.ReconcileWithOldCacheAsync();

        harness.Client.Writes.Should().BeEmpty();
    }

    [Fact]
    public async Task ReconcileAsync_StatusWasWrittenButItsAnswerLost_IsAConflictAndThenNotToldAgain()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 1);
        await harness.SyncAsync();
        // Another instance stands for the write whose answer never came: this one knows nothing of it, and its cache does not either.
        await harness.Create(new OperatorOptions { RuntimeImage = "octavo/serving-runtime:1" }).ReconcileAsync(await harness.ServiceAsync(), CancellationToken.None);
        var before = await harness.ServiceAsync();
        harness.Time.Advance(TimeSpan.FromMinutes(1));

        (await harness.Invoking(h => h.ReconcileWithOldCacheAsync()).Should().ThrowAsync<KubernetesException>()).Which.IsConflict.Should().BeTrue("the loop tries it again");
        (await harness.ServiceAsync()).Should().BeEquivalentTo(before);

        await harness.ReconcileAsync();
        (await harness.ServiceAsync()).Metadata.ResourceVersion.Should().Be(before.Metadata.ResourceVersion, "nothing is left to tell");
    }

    [Fact]
    public async Task ReconcileAsync_StatusChangesAgainBeforeTheCacheSawTheLast_IsWritten()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 1);
        await harness.SyncDeploymentAsync();

        await harness.ReconcileWithOldCacheAsync();

        (await harness.ConditionAsync("WorkloadReady"))!.Status.Should().Be("True");
    }

    [Fact]
    public async Task ReconcileAsync_AnyState_NeverWritesTheSpec()
    {
        await harness.CreateAsync(OperatorHarness.Autoscaled());
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 1);
        await harness.ReconcileAsync();

        harness.Client.Writes.Where(w => w is { Kind: "InferenceService", Verb: not "create" }).Should().OnlyContain(w => w.Subresource == "status" && w.Verb == "apply");
        (await harness.ServiceAsync()).Metadata.Generation.Should().Be(1);
    }

    [Fact]
    public async Task ReconcileAsync_RolledOut_IsReady()
    {
        await harness.CreateAsync(FullSpec());
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 2);

        await harness.ReconcileAsync();

        var service = await harness.ServiceAsync();
        KStatus.Of(service).Should().Be("Current");
        service.Status!.Conditions!.Select(c => (c.Type, c.Status)).Should().Equal(("Ready", "True"), ("ModelReady", "True"), ("WorkloadReady", "True"), ("Progressing", "True"));
        service.Status.ReadyReplicas.Should().Be(2);
        (await harness.EventsAsync()).Select(e => e.Reason).Should().BeEquivalentTo("ModelLoaded", "Ready");
    }

    [Fact]
    public async Task ReconcileAsync_SomebodyChangedAnOwnedField_RepairsIt()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        var deployment = (await harness.DeploymentAsync())!;
        await harness.Client.UpdateAsync(deployment with { Spec = deployment.Spec! with { Replicas = 7 } }, null, CancellationToken.None);

        (await harness.WritesOfReconcileAsync()).Should().ContainSingle(w => w.Kind == "Deployment");

        (await harness.DeploymentAsync())!.Spec!.Replicas.Should().Be(1);
    }

    [Fact]
    public async Task ReconcileAsync_NumberSetByAnotherManager_IsLeftToIt()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        await ScaleAsOthersAsync(7);

        await harness.ReconcileAsync();

        (await harness.DeploymentAsync())!.Spec!.Replicas.Should().Be(7);
        (await harness.ServiceAsync()).Status!.DesiredReplicas.Should().Be(7);
        await harness.RolloutAsync(ready: 7);
        await harness.ReconcileAsync();
        KStatus.Of(await harness.ServiceAsync()).Should().Be("Current");
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task ReconcileAsync_ScaledToZeroByOthers_StaysThereAlthoughNobodyOwnsTheNumber()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        await ScaleAsOthersAsync(0);

        await harness.ReconcileAsync();

        (await harness.DeploymentAsync())!.Spec!.Replicas.Should().Be(0);
        (await harness.ServiceAsync()).Status!.DesiredReplicas.Should().Be(0);
    }

    [Fact]
    public async Task ReconcileAsync_SpecNamesANumber_ItIsTakenBackFromOthers()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        await ScaleAsOthersAsync(7);
        await harness.ReconcileAsync();
        await harness.ChangeSpecAsync(spec => spec with { Replicas = 2 });

        await harness.ReconcileAsync();

        (await harness.DeploymentAsync())!.Spec!.Replicas.Should().Be(2);
    }

    [Fact]
    public async Task ReconcileAsync_SomebodyAddedAFieldOfTheirOwn_LeavesIt()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        var deployment = (await harness.DeploymentAsync())!;
        var labels = new Dictionary<string, string>(deployment.Metadata.Labels!) { ["team"] = "search" };
        await harness.Client.UpdateAsync(deployment with { Metadata = deployment.Metadata with { Labels = labels } }, null, CancellationToken.None);

        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task ReconcileAsync_FieldNoLongerWanted_GoesFromTheDeployment()
    {
        await harness.CreateAsync(OperatorHarness.Spec() with { PodTemplate = new PodTemplateSpec { PriorityClassName = "high" } });
        await harness.ReconcileAsync();
        await harness.ChangeSpecAsync(spec => spec with { PodTemplate = null });

        await harness.ReconcileAsync();

        (await harness.DeploymentAsync())!.Spec!.Template!.Spec!.PriorityClassName.Should().BeNull();
    }

    [Fact]
    public async Task ReconcileAsync_DeploymentDeleted_ComesBack()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        await harness.Client.DeleteAsync<V1Deployment>(OperatorHarness.Name, OperatorHarness.Namespace, null, CancellationToken.None);

        await harness.ReconcileAsync();

        (await harness.DeploymentAsync()).Should().NotBeNull();
    }

    [Fact]
    public async Task ReconcileAsync_OperatorWithAnotherDefaultImage_RollsNothingUntilTheUserChangesSomething()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        harness.Controller = harness.Create(new OperatorOptions { RuntimeImage = "octavo/serving-runtime:2" });

        (await harness.WritesOfReconcileAsync()).Should().OnlyContain(w => w.Subresource == "status" || w.Kind == "Event");
        (await harness.EventsAsync()).Should().ContainSingle(e => e.Reason == "TemplateUpdatePending");
        await harness.ChangeSpecAsync(spec => spec with { Replicas = 3 });
        await harness.ReconcileAsync();
        Image().Should().Be("octavo/serving-runtime:1", "a change of the number is none of the template");
        await harness.ChangeSpecAsync(spec => spec with { Rollout = new RolloutSpec { DrainSeconds = 5 } });
        await harness.ReconcileAsync();
        Image().Should().Be("octavo/serving-runtime:2");

        string? Image() => harness.DeploymentAsync().Result!.Spec!.Template!.Spec!.Containers![0].Image;
    }

    [Fact]
    public async Task ReconcileAsync_ScaledToZero_IsReadyAndSaysWhy()
    {
        await harness.CreateAsync(OperatorHarness.Spec() with { Replicas = 0 });
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 0);
        await harness.ReconcileAsync();

        (await harness.ConditionAsync("Ready")).Should().Match<V1Condition>(c => c.Status == "True" && c.Reason == "ScaledToZero");
        KStatus.Of(await harness.ServiceAsync()).Should().Be("Current");
    }

    [Fact]
    public async Task ReconcileAsync_ForeignDeploymentOfThatName_IsLeftAlone()
    {
        await harness.CreateAsync();
        await harness.Client.CreateAsync(
            new V1Deployment { Metadata = new V1ObjectMeta { Name = OperatorHarness.Name, NamespaceProperty = OperatorHarness.Namespace }, Spec = new V1DeploymentSpec { Replicas = 9 } },
            null,
            CancellationToken.None);

        await harness.ReconcileAsync();

        (await harness.DeploymentAsync())!.Spec!.Replicas.Should().Be(9);
        (await harness.ConditionAsync("WorkloadReady"))!.Reason.Should().Be("NameConflict");
        KStatus.Of(await harness.ServiceAsync()).Should().Be("Failed");
    }

    [Fact]
    public async Task ReconcileAsync_ConditionKeepsItsStatus_KeepsItsTime()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        var first = (await harness.ConditionAsync("Ready"))!.LastTransitionTime;
        harness.Time.Advance(TimeSpan.FromMinutes(1));
        await harness.RolloutAsync(ready: 0, _ => Pods.Unschedulable("0/3 nodes are available: 3 Insufficient nvidia.com/gpu."));
        await harness.ReconcileAsync();

        var condition = (await harness.ConditionAsync("Ready"))!;
        condition.LastTransitionTime.Should().Be(first);
        condition.Message.Should().Be("0/3 nodes are available: 3 Insufficient nvidia.com/gpu.");
    }

    [Fact]
    public async Task DeletedAsync_ServiceGone_ForgetsIt()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        await harness.Client.DeleteAsync<V1Alpha1InferenceService>(OperatorHarness.Name, OperatorHarness.Namespace, null, CancellationToken.None);

        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
        harness.States.Find(OperatorHarness.Key).Should().BeNull();
    }

    /// <summary>
    /// As a HorizontalPodAutoscaler does through the scale subresource; the server in memory keeps no managers by itself. A zero has no owner: a Scale omits it.
    /// </summary>
    private async Task ScaleAsOthersAsync(int replicas)
    {
        var deployment = (await harness.DeploymentAsync())!;
        var managers = JsonSerializer.SerializeToElement(JsonNode.Parse("""[{"manager":"octavo-operator","operation":"Apply","fieldsV1":{"f:spec":{"f:template":{}}}}""" + (replicas == 0 ? "]" : """
            ,{"manager":"kube-controller-manager","operation":"Update","subresource":"scale","fieldsV1":{"f:spec":{"f:replicas":{}}}}]
            """)));
        await harness.Client.UpdateAsync(
            deployment with { Metadata = deployment.Metadata with { ManagedFields = managers }, Spec = deployment.Spec! with { Replicas = replicas } }, null, CancellationToken.None);
    }

    /// <summary>Every field set that can be, so that the comparison with the live object is tried on all of them.</summary>
    private static InferenceServiceSpec FullSpec() => OperatorHarness.Spec() with
    {
        Replicas = 2,
        Runtime = new RuntimeSpec
        {
            Image = "example/image:1",
            ImagePullPolicy = "IfNotPresent",
            Engine = new EngineSpec { MaxNumSeqs = 8, KVCacheMemory = new WrittenQuantity("64Mi"), EnablePrefixCaching = false, DType = "float32" },
            Args = ["--seed", "1"],
            Env =
            [
                new EnvVarSpec { Name = "EMPTY", Value = "" },
                new EnvVarSpec { Name = "KEY", ValueFrom = new EnvVarSourceSpec { SecretKeyRef = new KeySelectorSpec { Name = "s", Key = "k" } } },
            ],
        },
        Accelerator = new AcceleratorSpec { Resource = "nvidia.com/gpu", Count = 1, Tolerations = [new TolerationSpec { Operator = "Exists" }], RuntimeClassName = "nvidia" },
        Resources = new ResourceRequirementsSpec { Requests = new Dictionary<string, WrittenQuantity> { ["cpu"] = new("1000m"), ["memory"] = new("1Gi") } },
        PodTemplate = new PodTemplateSpec { Metadata = new PodTemplateMetadataSpec { Labels = new Dictionary<string, string> { ["a"] = "b" } }, ImagePullSecrets = [new LocalObjectReferenceSpec { Name = "r" }] },
        Rollout = new RolloutSpec { DrainSeconds = 10 },
    };
}
