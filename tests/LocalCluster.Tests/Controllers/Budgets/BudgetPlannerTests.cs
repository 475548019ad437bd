using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Controllers.Budgets;
using static Octavo.LocalCluster.Tests.Controllers.PodExamples;

namespace Octavo.LocalCluster.Tests.Controllers.Budgets;

public sealed class BudgetPlannerTests
{
    [Theory]
    [InlineData("2", null, 3, 3, 1, 2)]
    [InlineData("2", null, 2, 3, 0, 2)]
    [InlineData("50%", null, 3, 3, 1, 2)]
    [InlineData(null, "1", 3, 3, 1, 2)]
    [InlineData(null, "1", 2, 3, 0, 2)]
    [InlineData(null, "30%", 10, 10, 3, 7)]
    [InlineData(null, "0", 3, 3, 0, 3)]
    [InlineData(null, null, 3, 3, 2, 1)]
    public void Plan_ReadyPods_LeavesSoManyDisruptions(string? minAvailable, string? maxUnavailable, int ready, int expected, int allowed, int desired)
    {
        var pods = Enumerable.Range(0, expected).Select(i => Pod($"p{i}", ready: i < ready)).ToList();
        var status = BudgetPlanner.Plan(Budget(minAvailable, maxUnavailable), pods, expected, Now);
        (status.DisruptionsAllowed, status.DesiredHealthy, status.CurrentHealthy, status.ExpectedPods).Should().Be((allowed, desired, ready, expected));
        status.Conditions!.Single().Reason.Should().Be(allowed > 0 ? "SufficientPods" : "InsufficientPods");
    }

    [Fact]
    public void Plan_EvictionGranted_CountsUntilTheDeletionIsSeenOrTooOld()
    {
        var pods = new[] { Pod("a"), Pod("b") };
        var budget = Budget("1", null) with { Status = new DisruptionBudgetStatus { DisruptedPods = new Dictionary<string, DateTimeOffset> { ["a"] = Now } } };
        BudgetPlanner.Plan(budget, pods, 2, Now.AddMinutes(1)).DisruptionsAllowed.Should().Be(0);
        BudgetPlanner.Plan(budget, pods, 2, Now.AddMinutes(3)).DisruptionsAllowed.Should().Be(1);
        BudgetPlanner.Plan(budget, [Pod("b")], 2, Now).DisruptedPods.Should().BeNull();
    }

    [Fact]
    public void Plan_NoPods_AllowsNone() => BudgetPlanner.Plan(Budget(null, "1"), [], 0, Now).DisruptionsAllowed.Should().Be(0);

    private static DisruptionBudget Budget(string? minAvailable, string? maxUnavailable) => new()
    {
        Metadata = new V1ObjectMeta { Name = "b", Generation = 1 },
        Spec = new DisruptionBudgetSpec { MinAvailable = Value(minAvailable), MaxUnavailable = Value(maxUnavailable) },
    };

    private static IntOrString? Value(string? text) => text is null ? null : int.TryParse(text, out var number) ? number : text;
}
