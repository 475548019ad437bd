using Octavo.ServingRuntime.Kernels.Cpu.Topology;

namespace Octavo.ServingRuntime.Kernels.Tests.Cpu.Topology;

public sealed class ThreadPlacementTests
{
    [Fact]
    public void Of_OneNode_PlacesNothing() => ThreadPlacement.Of(Machine(4), 4).Should().BeNull();

    [Fact]
    public void Of_OneThread_PlacesNothing() => ThreadPlacement.Of(Machine(2, 2), 1).Should().BeNull();

    [Theory]
    [InlineData(64, "32 32", "0-32 32-64")]
    [InlineData(6, "32 32", "0-3 3-6")]
    [InlineData(128, "32 32", "0-64 64-128")]
    [InlineData(6, "4 2", "0-4 4-6")]
    [InlineData(3, "1 1 1 1", "0-1 1-2 2-3")]
    public void Of_SeveralNodes_ThreadsOfEachAreAdjacentAndInProportion(int threads, string cores, string expected)
    {
        var placement = ThreadPlacement.Of(Machine([.. cores.Split(' ').Select(int.Parse)]), threads)!;
        var runs = Enumerable.Range(0, threads).Select(placement.Neighbours).ToList();
        runs.Distinct().Select(run => $"{run.Begin}-{run.End}").Should().Equal(expected.Split(' '));
        for (var thread = 0; thread < threads; thread++)
        {
            thread.Should().BeInRange(runs[thread].Begin, runs[thread].End - 1);
            placement.NodeOf(thread).Should().BeSameAs(placement.NodeOf(runs[thread].Begin));
        }

        placement.Nodes.Should().Be(runs.Distinct().Count());
    }

    private static CpuTopology Machine(params int[] cores) =>
        new([.. cores.Select((count, id) => new CpuNode(id, [.. Enumerable.Range(id * 100, count)], count))], Quota: null);
}
