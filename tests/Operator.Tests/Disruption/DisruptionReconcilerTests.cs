using System.Net;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Autoscaling;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.Operator.Tests.Controller;

namespace Octavo.Operator.Tests.Disruption;

public sealed class DisruptionReconcilerTests
{
    private readonly OperatorHarness harness = new();

    [Theory]
    [InlineData(0, null)]
    [InlineData(1, null)]
    [InlineData(2, "10%")]
    [InlineData(80, "10%")]
    public void Build_NumberOfReplicas_BudgetFromTwoOn(int replicas, string? maxUnavailable) =>
        ServingDisruptionBudget.Build(Service(nodes: null), replicas)?.Spec!.MaxUnavailable.ToString().Should().Be(maxUnavailable);

    [Fact]
    public void Build_ReplicasSpanNodes_OnePodOfAllOfThem()
    {
        var spec = ServingDisruptionBudget.Build(Service(nodes: 2), 4)!.Spec!;

        spec.MaxUnavailable.Should().Be((IntOrString)1, "a tenth of the pods of large groups could be one of each");
        spec.Selector!.MatchLabels.Should().Equal(ServingObjectMeta.SelectorLabels(Service(nodes: 2)), "a worker's loss is its group's");
    }

    [Fact]
    public async Task ReconcileAsync_TwoReplicas_BudgetIsOwnedWrittenOnceAndGoesWithTheSecond()
    {
        await harness.CreateAsync(OperatorHarness.Spec() with { Replicas = 2 });
        await harness.ReconcileAsync();

        var budget = (await FindAsync())!;
        budget.Metadata.OwnerReferences.Should().ContainSingle().Which.Uid.Should().Be((await harness.ServiceAsync()).Metadata.Uid);
        budget.Spec!.UnhealthyPodEvictionPolicy.Should().Be("AlwaysAllow");
        budget.Spec.Selector!.MatchLabels.Should().Equal((await harness.DeploymentAsync())!.Spec!.Selector!.MatchLabels);
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
        (await harness.ConditionAsync(ConditionTypes.DisruptionBudgetReady)).Should().BeNull("nothing is missing");

        await harness.ChangeSpecAsync(spec => spec with { Replicas = 5 });
        (await harness.WritesOfReconcileAsync()).Should().NotContain(w => w.Kind == "PodDisruptionBudget", "it holds for any number");
        await harness.ChangeSpecAsync(spec => spec with { Replicas = 1 });
        await harness.ReconcileAsync();
        (await FindAsync()).Should().BeNull();
        (await harness.WritesOfReconcileAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task ReconcileAsync_AutoscaledToTwoAndBack_BudgetComesAndGoes()
    {
        await harness.CreateAsync(OperatorHarness.Autoscaled());
        await harness.ReconcileAsync();
        (await FindAsync()).Should().BeNull();

        harness.States.Set(OperatorHarness.Key, AutoscalerState.Resume(2, null));
        await harness.ReconcileAsync();
        (await FindAsync()).Should().NotBeNull();

        harness.States.Set(OperatorHarness.Key, AutoscalerState.Resume(1, null));
        await harness.ReconcileAsync();
        (await FindAsync()).Should().BeNull();
    }

    [Fact]
    public async Task ReconcileAsync_RightIsMissing_ServesOnAndSaysSo()
    {
        harness.Client.OnRequest = (request, _) =>
            request is { Kind: "PodDisruptionBudget", Verb: "apply" } ? throw new KubernetesException(HttpStatusCode.Forbidden, null, "no") : Task.CompletedTask;
        await harness.CreateAsync(OperatorHarness.Spec() with { Replicas = 2 });
        await harness.ReconcileAsync();
        await harness.RolloutAsync(ready: 2);
        await harness.ReconcileAsync();

        (await harness.ConditionAsync(ConditionTypes.DisruptionBudgetReady))!.Should().Match<V1Condition>(c => c.Status == "False" && c.Reason == "ObjectRefused");
        (await harness.ConditionAsync("Ready"))!.Status.Should().Be("True");
        KStatus.Of(await harness.ServiceAsync()).Should().Be("Current");
        harness.Client.OnRequest = null;
        await harness.ReconcileAsync();
        (await harness.ConditionAsync(ConditionTypes.DisruptionBudgetReady)).Should().BeNull();
        (await FindAsync()).Should().NotBeNull();
    }

    [Fact]
    public async Task ReconcileAsync_ForeignBudgetOfThatName_IsLeftAlone()
    {
        await harness.Client.CreateAsync(
            new V1PodDisruptionBudget { Metadata = new V1ObjectMeta { Name = OperatorHarness.Name, NamespaceProperty = OperatorHarness.Namespace } }, null, CancellationToken.None);
        await harness.CreateAsync(OperatorHarness.Spec() with { Replicas = 2 });

        await harness.ReconcileAsync();

        (await harness.ConditionAsync(ConditionTypes.DisruptionBudgetReady))!.Reason.Should().Be("NameConflict");
        (await FindAsync())!.Spec.Should().BeNull();
        (await harness.ConditionAsync("Stalled")).Should().BeNull("serving needs no budget");
    }

    private static V1Alpha1InferenceService Service(int? nodes) => new()
    {
        Metadata = new V1ObjectMeta { Name = "chat", NamespaceProperty = "team", Uid = "u" },
        Spec = OperatorHarness.Spec() with { Accelerator = nodes is null ? null : new AcceleratorSpec { Nodes = nodes } },
    };

    private Task<V1PodDisruptionBudget?> FindAsync() => harness.Client.FindAsync<V1PodDisruptionBudget>(OperatorHarness.Name, OperatorHarness.Namespace, CancellationToken.None);
}
