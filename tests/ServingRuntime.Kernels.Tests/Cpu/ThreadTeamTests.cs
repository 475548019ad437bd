using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Kernels.Tests.Cpu;

public sealed class ThreadTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Run_ManySections_EachWorkerRunsEachOnce(int size)
    {
        using var team = new ThreadTeam(size);
        var counts = new int[size];
        for (var section = 1; section <= 500; section++)
        {
            team.Run((worker, workers) => counts[worker] += workers);
            Array.TrueForAll(counts, count => count == section * size).Should().BeTrue($"after section {section}");
        }
    }

    [Fact]
    public void Run_AfterWorkersWentToSleep_WakesThem()
    {
        using var team = new ThreadTeam(3);
        var ran = 0;
        for (var i = 0; i < 5; i++)
        {
            using var pause = new ManualResetEventSlim();
            pause.Wait(TimeSpan.FromMilliseconds(3)).Should().BeFalse();
            team.Run((_, _) => Interlocked.Increment(ref ran));
        }

        ran.Should().Be(15);
    }

    [Fact]
    public void Run_WorkerThrows_CallerGetsItAndTeamStaysUsable()
    {
        using var team = new ThreadTeam(3);
        var failing = () => team.Run((worker, _) =>
        {
            if (worker == 2)
            {
                throw new InvalidOperationException("broken");
            }
        });
        failing.Should().Throw<InvalidOperationException>().WithMessage("broken");
        var ran = 0;
        team.Run((_, _) => Interlocked.Increment(ref ran));
        ran.Should().Be(3);
    }

    [Fact]
    public void Run_InASteadyState_AllocatesNothing()
    {
        using var team = new ThreadTeam(2);
        var sum = 0;
        Action<int, int> section = (worker, _) => Interlocked.Add(ref sum, worker);
        team.Run(section);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            team.Run(section);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }
}
