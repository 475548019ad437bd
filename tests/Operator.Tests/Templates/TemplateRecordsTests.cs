using System.Net;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Configuration;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.Operator.Templates;
using Octavo.Operator.Tests.Controller;
using Octavo.Operator.Tests.Resources;
using Octavo.Operator.Workloads;
using Octavo.TestSupport;

namespace Octavo.Operator.Tests.Templates;

/// <summary>Records as the controller writes them.</summary>
public sealed class TemplateRecordsTests
{
    private readonly OperatorHarness harness = new();

    [Fact]
    public async Task ReconcileAsync_NewService_RecordsItsTemplateBeforeTheDeployment()
    {
        await harness.CreateAsync();

        var writes = await harness.WritesOfReconcileAsync();

        writes.Where(w => w.Verb == "apply").Select(w => w.Kind).Should().ContainInOrder("ControllerRevision", "Deployment");
        var record = (await harness.RecordsAsync()).Should().ContainSingle().Subject;
        record.Metadata.Name.Should().Be("chat-" + TemplateRecord.HashOf((await harness.DeploymentAsync())!.Spec!.Template));
        record.Metadata.OwnerReferences.Should().ContainSingle().Which.Controller.Should().BeTrue();
    }

    [Fact]
    public async Task ReconcileAsync_OperatorDiesBetweenRecordAndDeployment_TheNextGoesOnWithTheRecord()
    {
        await harness.CreateAsync();
        harness.Client.OnRequest = (request, _) => request is { Verb: "apply", Kind: "Deployment" } ? throw new KubernetesException(HttpStatusCode.ServiceUnavailable, null, "down") : Task.CompletedTask;
        await harness.SyncAsync();
        await harness.Invoking(h => h.ReconcileWithOldCacheAsync()).Should().ThrowAsync<KubernetesException>();
        harness.Client.OnRequest = null;
        harness.Controller = harness.Create(new OperatorOptions { RuntimeImage = "octavo/serving-runtime:2" });

        await harness.ReconcileAsync();

        (await harness.DeploymentAsync())!.Spec!.Template!.Spec!.Containers![0].Image.Should().Be("octavo/serving-runtime:1");
    }

    [Fact]
    public async Task ReconcileAsync_RecordDeletedAndOtherOperator_MakesItAgainAndRollsNothing()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        var before = await harness.RecordsAsync();
        await harness.Client.DeleteAsync<V1ControllerRevision>(before[0].Metadata.Name!, OperatorHarness.Namespace, null, CancellationToken.None);
        harness.Controller = harness.Create(new OperatorOptions { RuntimeImage = "octavo/serving-runtime:2" });

        (await harness.WritesOfReconcileAsync()).Where(w => w.Subresource is null && w.Kind != "Event").Select(w => w.Kind).Should().Equal("ControllerRevision");

        (await harness.RecordsAsync()).Should().ContainSingle().Which.Metadata.Name.Should().Be(before[0].Metadata.Name);
    }

    [Fact]
    public async Task ReconcileAsync_CacheDoesNotHaveTheRecordYet_AsksForItAndWritesNothing()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 1);
        await harness.ReconcileAsync();
        harness.ForgetRecords();
        harness.Client.ClearRequests();

        await harness.ReconcileWithOldCacheAsync();

        harness.Client.Writes.Should().BeEmpty();
        harness.Client.Count("get", "ControllerRevision").Should().Be(1);
    }

    public static TheoryData<string> SamplesOfRelease01 => ["autoscaled.yaml", "gpu.yaml", "huggingface.yaml", "minimal.yaml", "tiny.yaml"];

    [Theory]
    [MemberData(nameof(SamplesOfRelease01))]
    public async Task ReconcileAsync_DeploymentOfRelease01_IsRecordedAndItsPodsStay(string sample)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "config", "samples", sample));
        await harness.CreateAsync(KubernetesJson.FromNode<V1Alpha1InferenceService>(KubernetesYaml.LoadAll(text).Single()).Spec);
        var service = await harness.ServiceAsync();
        var old = TemplateOf.Service(service, service.Spec.Runtime?.Image ?? "octavo/serving-runtime:0.1.0", ServingPodTemplate.FirstRevision);
        var deployment = ServingDeployment.Build(new WorkloadPlan
        {
            Service = service, Replicas = 2, Template = TemplateRecord.Of(new PodTemplates(old), TemplateWishes.HashOfRelease01(service), "1"), Bounds = new RolloutBounds(1, 0),
        });
        await harness.Client.CreateAsync(deployment, null, CancellationToken.None);

        await harness.ReconcileAsync();

        KubernetesJson.DeepEquals((await harness.DeploymentAsync())!.Spec!.Template, old).Should().BeTrue();
        (await harness.RecordsAsync()).Should().ContainSingle();
        (await harness.ServiceAsync()).Status!.Template!.Pending.Should().NotBeEmpty("revision 2 waits for a change of the spec");
        harness.Client.ClearRequests();
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task ReconcileAsync_OperatorWithAnotherTemplate_StatusTellsWhatIsPending()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        var before = (await harness.ServiceAsync()).Status!.Template!;
        harness.Controller = harness.Create(new OperatorOptions { RuntimeImage = "octavo/serving-runtime:2" });

        await harness.ReconcileAsync();

        var template = (await harness.ServiceAsync()).Status!.Template!;
        (before.Image, before.Pending, before.Revision).Should().Be(("octavo/serving-runtime:1", null, ServingPodTemplate.Revision));
        (template.Hash, template.Image).Should().Be((before.Hash, before.Image));
        template.Pending.Should().Contain("spec.containers[runtime].image: octavo/serving-runtime:1 -> octavo/serving-runtime:2");
        harness.Client.ClearRequests();
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task ReconcileAsync_ManyChanges_KeepsThreeRecords()
    {
        await harness.CreateAsync();
        for (var seconds = 1; seconds <= 6; seconds++)
        {
            await harness.ChangeSpecAsync(spec => spec with { Rollout = new RolloutSpec { DrainSeconds = seconds } });
            await harness.ReconcileAsync();
        }

        await harness.ReconcileAsync();

        (await harness.RecordsAsync()).Select(r => r.Revision).Should().Equal(4, 5, 6);
    }

    [Fact]
    public async Task ReconcileAsync_WishesComeBack_BringsTheTemplateOfOldBack()
    {
        await harness.CreateAsync();
        await harness.ReconcileAsync();
        var first = (await harness.DeploymentAsync())!.Spec!.Template;
        await harness.ChangeSpecAsync(spec => spec with { Rollout = new RolloutSpec { DrainSeconds = 5 } });
        harness.Controller = harness.Create(new OperatorOptions { RuntimeImage = "octavo/serving-runtime:2" });
        await harness.ReconcileAsync();
        await harness.ChangeSpecAsync(spec => spec with { Rollout = null });

        await harness.ReconcileAsync();

        KubernetesJson.DeepEquals((await harness.DeploymentAsync())!.Spec!.Template, first).Should().BeTrue();
        harness.Client.ClearRequests();
        (await harness.WritesOfReconcileAsync()).Where(w => w.Subresource is null).Should().BeEmpty();
    }
}
