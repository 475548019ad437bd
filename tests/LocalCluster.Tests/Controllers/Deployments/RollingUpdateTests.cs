using Octavo.LocalCluster.Controllers.Deployments;

namespace Octavo.LocalCluster.Tests.Controllers.Deployments;

public sealed class RollingUpdateTests
{
    [Theory]
    [InlineData("25%", "25%", 4, 1, 1)]
    [InlineData("25%", "25%", 3, 1, 0)]
    [InlineData("25%", "25%", 1, 1, 0)]
    [InlineData("0", "0", 5, 0, 1)]
    [InlineData("0%", "10%", 5, 0, 1)]
    [InlineData("100%", "0", 3, 3, 0)]
    [InlineData("2", "1", 10, 2, 1)]
    [InlineData(null, null, 10, 3, 2)]
    [InlineData("1", "8", 3, 1, 3)]
    public void ResolveBounds_NumbersAndPercentages_RoundSurgeUpAndUnavailableDown(string? maxSurge, string? maxUnavailable, int replicas, int surge, int unavailable) =>
        RollingUpdate.ResolveBounds(maxSurge, maxUnavailable, replicas).Should().Be((surge, unavailable));

    [Theory]
    [InlineData(3, 1, 0, 3, 1)] // replicas, surge, new, total -> new
    [InlineData(3, 0, 0, 3, 0)]
    [InlineData(3, 0, 0, 2, 1)]
    [InlineData(3, 1, 2, 4, 2)]
    [InlineData(2, 1, 3, 3, 2)]
    [InlineData(10, 5, 0, 0, 10)]
    public void NewReplicaSetSize_GrowsWithinSurge(int replicas, int surge, int newSize, int total, int expected) =>
        RollingUpdate.NewReplicaSetSize(replicas, surge, newSize, total).Should().Be(expected);

    [Fact]
    public void OldReplicaSetSizes_NothingNewAvailable_KeepsTheAvailableOnes() =>
        RollingUpdate.OldReplicaSetSizes([new(3, 3)], new(1, 0), 3, 0).Should().Equal(3);

    [Fact]
    public void OldReplicaSetSizes_NewOneAvailable_TakesOneOldAway() =>
        RollingUpdate.OldReplicaSetSizes([new(3, 3)], new(1, 1), 3, 0).Should().Equal(2);

    [Fact]
    public void OldReplicaSetSizes_UnhealthyOldPods_GoFirstAndWithoutWaiting() =>
        RollingUpdate.OldReplicaSetSizes([new(2, 0), new(2, 2)], new(1, 0), 3, 1).Should().Equal(0, 2);

    [Fact]
    public void OldReplicaSetSizes_OldestGoFirst() =>
        RollingUpdate.OldReplicaSetSizes([new(2, 2), new(2, 2)], new(2, 2), 4, 1).Should().Equal(0, 1);

    [Theory]
    [InlineData(new[] { 5, 5 }, new[] { 10, 10 }, 20, 0, new[] { 10, 10 })]
    [InlineData(new[] { 5, 8 }, new[] { 13, 13 }, 15, 3, new[] { 7, 11 })]
    [InlineData(new[] { 3, 2 }, new[] { 5, 5 }, 0, 0, new[] { 0, 0 })]
    [InlineData(new[] { 1, 2 }, new[] { 3, 3 }, 2, 1, new[] { 1, 2 })]
    public void ProportionalSizes_ScaledInARollout_KeepsShares(int[] sizes, int[] maxima, int replicas, int surge, int[] expected) =>
        RollingUpdate.ProportionalSizes(sizes, maxima, replicas, surge).Should().Equal(expected);

    /// <summary>Plays whole rollouts: pods become available at once, and the two bounds must hold at every step.</summary>
    [Theory]
    [InlineData(1, "25%", "25%")]
    [InlineData(3, "25%", "25%")]
    [InlineData(10, "30%", "20%")]
    [InlineData(4, "0", "1")]
    [InlineData(4, "4", "0")]
    public void WholeRollout_NeverLeavesItsBounds(int replicas, string maxSurge, string maxUnavailable)
    {
        var (surge, unavailable) = RollingUpdate.ResolveBounds(maxSurge, maxUnavailable, replicas);
        var (oldSize, newSize) = (replicas, 0);
        for (var step = 0; oldSize > 0 || newSize < replicas; step++)
        {
            step.Should().BeLessThan(100, "a rollout ends");
            newSize = RollingUpdate.NewReplicaSetSize(replicas, surge, newSize, oldSize + newSize);
            (oldSize + newSize).Should().BeLessThanOrEqualTo(replicas + surge);
            oldSize = RollingUpdate.OldReplicaSetSizes([new(oldSize, oldSize)], new(newSize, newSize), replicas, unavailable)[0];
            (oldSize + newSize).Should().BeGreaterThanOrEqualTo(replicas - unavailable);
        }
    }
}
