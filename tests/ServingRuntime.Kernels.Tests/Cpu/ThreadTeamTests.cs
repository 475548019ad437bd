using FsCheck;
using FsCheck.Fluent;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cpu.Topology;

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
    [InlineData(40, 3)]
    [InlineData(3, 1000)]
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
    [InlineData(ThreadTeam.MaxParts + 1)]
    public void Run_PartsOutOfRange_Throws(int parts)
    {
        using var team = new ThreadTeam(2);
        var run = () => team.Run((_, _) => { }, parts);
        run.Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Run_AnySectionsOfTeamsUpToEightyThreads_EachPartRunsOnceAndFailuresReachTheCaller()
    {
        var sections = Gen.ListOf(
            from parts in Gen.Frequency((4, Gen.Choose(1, 100)), (1, Gen.Choose(1, ThreadTeam.MaxParts)))
            from failing in Gen.Frequency((3, Gen.Constant(-1)), (1, Gen.Choose(0, parts - 1)))
            from wake in Gen.Elements(true, false)
            select (Parts: parts, Failing: failing, Wake: wake));
        var cases = from size in Gen.Choose(1, 80) from list in sections select (Size: size, Sections: list);
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(40),
            Prop.ForAll(
                Arb.From(cases),
                one =>
                {
                    using var team = new ThreadTeam(one.Size);
                    foreach (var (parts, failing, wake) in one.Sections)
                    {
                        var counts = new int[parts];
                        var run = () => team.Run(
                            (part, all) =>
                            {
                                Interlocked.Add(ref counts[part], all == parts ? 1 : 100);
                                if (part == failing)
                                {
                                    throw new InvalidOperationException($"part {part}");
                                }
                            },
                            parts,
                            wake);
                        if (failing < 0)
                        {
                            run();
                        }
                        else
                        {
                            run.Should().Throw<InvalidOperationException>().WithMessage($"part {failing}");
                        }

                        Array.TrueForAll(counts, count => count == 1).Should().BeTrue();
                    }
                }));
    }

    [Fact]
    public void Run_ManyQuickSectionsOfVaryingParts_NoPartOfOneRunsInAnother()
    {
        // Far more threads than processors: somebody is always late.
        using var team = new ThreadTeam(24);
        var sums = new long[24];
        for (var i = 0; i < 5000; i++)
        {
            int parts = 2 + (i % 23), section = i;
            Array.Clear(sums);
            team.Run((part, all) => sums[part] += (section * 100L) + all, parts, wake: i % 4 > 0);
            sums.AsSpan(0, parts).ContainsAnyExcept((section * 100L) + parts).Should().BeFalse();
            sums.AsSpan(parts).ContainsAnyExcept(0).Should().BeFalse();
        }
    }

    [Fact]
    public void Run_EveryThreadIsNeeded_AllAreWoken()
    {
        // No part ends before all have begun: forty threads must come, from sleep, woken by those that others have woken.
        using var team = new ThreadTeam(40);
        for (var i = 0; i < 3; i++)
        {
            using var pause = new ManualResetEventSlim();
            pause.Wait(TimeSpan.FromMilliseconds(5)).Should().BeFalse();
            using var all = new CountdownEvent(40);
            var threads = new int[40];
            team.Run(
                (part, _) =>
                {
                    threads[part] = Environment.CurrentManagedThreadId;
                    all.Signal();
                    all.Wait();
                },
                40);
            threads.Should().OnlyHaveUniqueItems();
        }
    }

    [Fact]
    public void Run_InsideOfASection_IsRefused()
    {
        using var team = new ThreadTeam(2);
        var nested = () => team.Run((_, _) => team.Run((_, _) => { }, 2), 2);
        nested.Should().Throw<InvalidOperationException>().WithMessage("*under way*");
        var ran = 0;
        team.Run((_, _) => Interlocked.Increment(ref ran), 2);
        ran.Should().Be(2);
    }

    [Fact]
    public void Dispose_TeamsMadeAndDisposedInsideOfSections_AllEnd()
    {
        using var team = new ThreadTeam(4);
        var ran = 0;
        for (var i = 0; i < 10; i++)
        {
            team.Run(
                (_, _) =>
                {
                    using var inner = new ThreadTeam(6);
                    inner.Run((_, _) => Interlocked.Increment(ref ran), 12);
                    inner.Dispose();
                },
                8);
        }

        ran.Should().Be(10 * 8 * 12);
    }

    [Fact]
    public void Run_TwoMemoryNodes_WorkersRunOnTheirs()
    {
        var cpus = CpuAffinity.OfProcess();
        if (!OperatingSystem.IsLinux() || cpus.Count < 2)
        {
            return;
        }

        var topology = new CpuTopology([new CpuNode(0, [cpus[0]], 1), new CpuNode(1, [cpus[1]], 1)], Quota: null);
        using var team = new ThreadTeam(6, ThreadPlacement.Of(topology, 6));
        using var all = new CountdownEvent(6);
        var seen = new IReadOnlyList<int>[6];
        team.Run(
            (part, _) =>
            {
                seen[part] = CpuAffinity.OfThisThread();
                all.Signal();
                all.Wait();
            },
            6);

        // Whichever thread took which part: two workers of the first node, three of the second, and the caller, who is left where it was.
        seen.Count(set => set.SequenceEqual([cpus[0]])).Should().Be(2);
        seen.Count(set => set.SequenceEqual([cpus[1]])).Should().Be(3);
        seen.Count(set => set.Count == cpus.Count).Should().Be(1);
        IReadOnlyList<int> later = [];
        var thread = new Thread(() => later = CpuAffinity.OfThisThread());
        thread.Start();
        thread.Join();
        later.Should().Equal(cpus);
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
