using Octavo.KubernetesClient.Models;
using Octavo.Operator.Controller;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Tests.Controller;

public sealed class UnbuiltFieldsTests
{
    private readonly OperatorHarness harness = new();

    [Fact]
    public void In_OrdinarySpec_IsEmpty()
    {
        UnbuiltFields.In(OperatorHarness.Spec()).Should().BeEmpty();
        UnbuiltFields.In(OperatorHarness.Autoscaled() with { Rollout = new RolloutSpec { DrainSeconds = 5, TemplateUpdates = "Pinned" }, Storage = new StorageSpec { Fill = "Init" } }).Should().BeEmpty();
    }

    [Fact]
    public async Task ReconcileAsync_FieldThatIsNotBuilt_IsRefusedByNameAndNothingIsMade()
    {
        var unbuilt = OperatorHarness.Spec() with { Storage = new StorageSpec { ClaimName = "models", Fill = "Job" } };
        UnbuiltFields.In(unbuilt).Should().ContainSingle("the field stands for all that are listed; where it is built, another is taken here");
        await harness.CreateAsync(unbuilt);

        await harness.ReconcileAsync();

        (await harness.DeploymentAsync()).Should().BeNull();
        (await harness.ConditionAsync("Stalled"))!.Should().Match<V1Condition>(c => c.Reason == "NotBuilt" && c.Message!.Contains("spec.storage.fill", StringComparison.Ordinal));
        (await harness.ConditionAsync("Ready"))!.Should().Match<V1Condition>(c => c.Status == "False" && c.Reason == "NotBuilt");
        KStatus.Of(await harness.ServiceAsync()).Should().Be("Failed");
    }
}
