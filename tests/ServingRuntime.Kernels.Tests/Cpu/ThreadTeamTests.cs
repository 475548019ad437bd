using Octavo.ServingRuntime.Kernels.Cpu;

namespace Octavo.ServingRuntime.Kernels.Tests.Cpu;

public sealed class ThreadTeamTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 4)]
    [InlineData(2, 2)]
    [InlineData(2, 8)]
    [InlineData(5, 5)]
    [InlineData(3, 32)]
    public void Run_ManySections_EachPartRunsOnce(int size, int parts)
    {
        using var team = new ThreadTeam(size);
        var counts = new int[parts];
        for (var section = 1; section <= 500; section++)
        {
            team.Run((part, all) => counts[part] += all, parts, wake: section % 3 > 0);
            Array.TrueForAll(counts, count => count == section * parts).Should().BeTrue($"after section {section}");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(33)]
    public void Run_PartsOutOfRange_Throws(int parts)
    {
        using var team = new ThreadTeam(2);
        var run = () => team.Run((_, _) => { }, parts);
        run.Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Run_OtherThreadIsHeldInItsPart_CallerDoesAllOthers()
    {
        using var team = new ThreadTeam(2);
        using var release = new ManualResetEventSlim();
        var caller = Environment.CurrentManagedThreadId;
        int left = 8, byCaller = 0;
        team.Run(
            (_, _) =>
            {
                if (Environment.CurrentManagedThreadId == caller)
                {
                    byCaller++;
                }

                // The other thread, if it came at all, stays in its first part until all the others are done.
                if (Interlocked.Decrement(ref left) <= 1)
                {
                    release.Set();
                }
                else if (Environment.CurrentManagedThreadId != caller)
                {
                    release.Wait();
                }
            },
            8);
        byCaller.Should().BeInRange(6, 8);
    }

    [Fact]
    public void Run_OtherThreadNeverComes_CallerDoesAll()
    {
        using var team = new ThreadTeam(2);
        using var pause = new ManualResetEventSlim();
        pause.Wait(TimeSpan.FromMilliseconds(20)).Should().BeFalse();
        var threads = new int[4];
        for (var i = 0; i < 100; i++)
        {
            team.Run((part, _) => threads[part] = Environment.CurrentManagedThreadId, 4, wake: false);
            threads.Should().AllBeEquivalentTo(Environment.CurrentManagedThreadId);
        }
    }

    [Fact]
    public void Run_AfterWorkersWentToSleep_WakesThem()
    {
        using var team = new ThreadTeam(2);
        using var both = new CountdownEvent(2);
        for (var i = 0; i < 5; i++)
        {
            using var pause = new ManualResetEventSlim();
            pause.Wait(TimeSpan.FromMilliseconds(3)).Should().BeFalse();
            both.Reset();

            // Neither part ends before the other has begun, so two threads must be there.
            team.Run(
                (_, _) =>
                {
                    both.Signal();
                    both.Wait();
                },
                2);
        }
    }

    [Fact]
    public void Run_PartThrows_CallerGetsItAndTeamStaysUsable()
    {
        using var team = new ThreadTeam(3);
        var failing = () => team.Run(
            (part, _) =>
            {
                if (part == 2)
                {
                    throw new InvalidOperationException("broken");
                }
            },
            3);
        failing.Should().Throw<InvalidOperationException>().WithMessage("broken");
        var ran = 0;
        team.Run((_, _) => Interlocked.Increment(ref ran), 3);
        ran.Should().Be(3);
    }

    [Fact]
    public void Run_InASteadyState_AllocatesNothing()
    {
        using var team = new ThreadTeam(2);
        var sum = 0;
        Action<int, int> section = (part, _) => Interlocked.Add(ref sum, part);
        team.Run(section, 4);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            team.Run(section, 4);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }
}
