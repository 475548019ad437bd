using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Controllers;
using Octavo.LocalCluster.Controllers.GarbageCollection;

namespace Octavo.LocalCluster.Tests.Controllers.GarbageCollection;

public sealed class GarbagePlannerTests
{
    private static readonly DiscoveredResource ConfigMaps = new("v1", "configmaps", "ConfigMap", true, ["list", "watch", "delete"]);

    [Theory]
    [InlineData("Absent", false, "Background")]
    [InlineData("Absent,Absent", false, "Background")]
    [InlineData("Waiting", false, "Background")]
    [InlineData("Waiting", true, "Foreground")]
    [InlineData("Absent,Waiting", true, "Foreground")]
    [InlineData("Solid", false, null)]
    [InlineData("Unknown", false, null)]
    [InlineData("Absent,Unknown", false, null)]
    public void Plan_FateOfOwners_DecidesTheDeletion(string owners, bool hasDependents, string? policy)
    {
        var states = owners.Split(',').Select(Enum.Parse<OwnerState>).ToList();
        var plan = GarbagePlanner.Plan(Entity(states.Count), states, hasDependents);
        plan.PropagationPolicy.Should().Be(policy);
        plan.Delete.Should().Be(policy is not null);
        plan.RemainingOwners.Should().BeNull();
    }

    [Fact]
    public void Plan_OneOwnerLives_DropsTheOthers()
    {
        var plan = GarbagePlanner.Plan(Entity(3), [OwnerState.Absent, OwnerState.Solid, OwnerState.Waiting], false);
        plan.Delete.Should().BeFalse();
        plan.RemainingOwners.Should().ContainSingle().Which.Uid.Should().Be("o1");
    }

    [Fact]
    public void Plan_IsBeingDeletedAlready_LeavesItAlone() =>
        GarbagePlanner.Plan(Entity(1) with { IsDeleting = true }, [OwnerState.Absent], false).Should().Be(GarbagePlan.Keep);

    [Fact]
    public void Plan_CarriesAnOrphanFinalizer_OrphansItsDependents() =>
        GarbagePlanner.Plan(Entity(1) with { Finalizers = ["orphan"] }, [OwnerState.Absent], true).PropagationPolicy.Should().Be("Orphan");

    private static OwnedObject Entity(int owners) => new(ConfigMaps, "default", "child", "child")
    {
        Owners = [.. Enumerable.Range(0, owners).Select(i => new V1OwnerReference { ApiVersion = "v1", Kind = "ConfigMap", Name = $"o{i}", Uid = $"o{i}" })],
    };
}
