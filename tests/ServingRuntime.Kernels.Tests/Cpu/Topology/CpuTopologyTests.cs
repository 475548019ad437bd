using Octavo.ServingRuntime.Kernels.Cpu.Topology;

namespace Octavo.ServingRuntime.Kernels.Tests.Cpu.Topology;

public sealed class CpuTopologyTests : IDisposable
{
    private readonly MadeUpSystem system = new();

    public void Dispose() => system.Dispose();

    [Fact]
    public void Read_OneNodeOfTwoThreadsACore_CountsCores()
    {
        system.Nodes("0-7").Cores("0,4", "1,5", "2,6", "3,7").Write("sys/devices/system/cpu/online", "0-7");
        var topology = Read(8);
        topology.Nodes.Should().ContainSingle().Which.Cpus.Should().Equal(0, 1, 2, 3, 4, 5, 6, 7);
        (topology.Cpus, topology.Cores, topology.DefaultThreads).Should().Be((8, 4, 4));
        topology.Description.Should().Be("4 cores (8 hardware threads) on 1 memory node, no quota");
    }

    [Fact]
    public void Read_TwoNodes_EachHasItsOwn()
    {
        system.Nodes("0-1,4-5", "2-3,6-7").Cores("0,4", "1,5", "2,6", "3,7");
        var topology = Read(8);
        topology.Nodes.Select(node => string.Join(' ', node.Cpus)).Should().Equal("0 1 4 5", "2 3 6 7");
        topology.Nodes.Select(node => node.Cores).Should().Equal(2, 2);
        topology.DefaultThreads.Should().Be(4);
    }

    [Fact]
    public void Read_TenNodes_AreInTheirOrderAndThoseWithoutProcessorsAreLeftOut()
    {
        system.Nodes([.. Enumerable.Range(0, 12).Select(node => node == 3 ? "" : $"{node}")]);
        Read(12).Nodes.Select(node => node.Id).Should().Equal(0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11);
    }

    [Fact]
    public void Read_ProcessorsOffline_AreNotCounted()
    {
        system.Nodes("0-3", "4-7").Write("sys/devices/system/cpu/online", "0-2,4");
        var topology = Read(8);
        topology.Nodes.Select(node => node.Cores).Should().Equal(3, 1);
    }

    [Fact]
    public void Read_ProcessMayUseSome_OnlyThoseCount()
    {
        system.Nodes("0-3,8-11", "4-7,12-15").Cores("0,8", "1,9", "2,10", "3,11", "4,12", "5,13", "6,14", "7,15");
        var topology = CpuTopology.Read(system.Root, [1, 9, 10, 3]);
        topology.Nodes.Should().ContainSingle().Which.Cpus.Should().Equal(1, 3, 9, 10);
        (topology.Cpus, topology.DefaultThreads).Should().Be((4, 3), "1 and 9 are one core");
    }

    [Fact]
    public void Read_NothingSaid_AllowedOnesAreCoresOfOneNode()
    {
        var topology = CpuTopology.Read(Path.Combine(system.Root, "nowhere"), [2, 5]);
        topology.Nodes.Should().ContainSingle().Which.Cpus.Should().Equal(2, 5);
        (topology.DefaultThreads, topology.Quota).Should().Be((2, null));
    }

    [Theory]
    [InlineData("800000 100000", 4)]
    [InlineData("250000 100000", 2)]
    [InlineData("50000 100000", 1)]
    [InlineData("max 100000", 4)]
    [InlineData("nonsense", 4)]
    public void DefaultThreads_QuotaOfUnifiedGroups_IsWholeProcessorsOfIt(string max, int threads)
    {
        system.Nodes("0-3").Write("proc/self/cgroup", "0::/").Write("sys/fs/cgroup/cpu.max", max);
        Read(4).DefaultThreads.Should().Be(threads);
    }

    [Fact]
    public void Quota_GroupsAboveAreTighter_TheLeastCounts()
    {
        system.Write("proc/self/cgroup", "0::/pods/pod1/container").Write("sys/fs/cgroup/pods/cpu.max", "6400000 100000")
            .Write("sys/fs/cgroup/pods/pod1/cpu.max", "300000 100000").Write("sys/fs/cgroup/pods/pod1/container/cpu.max", "max 100000");
        Read(64).Quota.Should().Be(3);
        Read(64).Description.Should().EndWith("a quota of 3 CPUs");
    }

    [Theory]
    [InlineData("cpu,cpuacct", "cpu,cpuacct")]
    [InlineData("cpu,cpuacct", "cpu")]
    public void Quota_GroupsOfTheFirstVersion_IsTimeByPeriod(string controllers, string mount)
    {
        system.Write("proc/self/cgroup", $"5:memory:/a\n4:{controllers}:/hidden\n0::/")
            .Write($"sys/fs/cgroup/{mount}/cpu.cfs_quota_us", "350000").Write($"sys/fs/cgroup/{mount}/cpu.cfs_period_us", "100000")
            .Write("sys/fs/cgroup/cpuset/cpu.cfs_quota_us", "1").Write("sys/fs/cgroup/cpuset/cpu.cfs_period_us", "1");
        Read(8).Quota.Should().Be(3.5);
        system.Write($"sys/fs/cgroup/{mount}/cpu.cfs_quota_us", "-1");
        Read(8).Quota.Should().BeNull();
    }

    [Fact]
    public void OfProcess_ThisMachine_IsWithinWhatTheRuntimeSees()
    {
        var topology = CpuTopology.OfProcess();
        topology.DefaultThreads.Should().BeInRange(1, topology.Cpus);
        topology.Nodes.SelectMany(node => node.Cpus).Should().OnlyHaveUniqueItems().And.BeEquivalentTo(CpuAffinity.OfProcess());
    }

    [Theory]
    [InlineData("0", "0")]
    [InlineData("0-3,8,10-11\n", "0 1 2 3 8 10 11")]
    [InlineData("", "")]
    [InlineData("3-1", "")]
    [InlineData("1-2-3", "")]
    [InlineData("0-4294967295", "")]
    [InlineData("a", "")]
    [InlineData("0,,1", "0 1")]
    public void Parse_ListsOfProcessors_AreTheirNumbers(string text, string numbers) => string.Join(' ', CpuList.Parse(text)).Should().Be(numbers);

    private CpuTopology Read(int cpus) => CpuTopology.Read(system.Root, [.. Enumerable.Range(0, cpus)]);
}
