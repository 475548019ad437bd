using FsCheck;
using FsCheck.Fluent;
using Octavo.Operator.Rollout;

namespace Octavo.Operator.Tests.Rollout;

/// <summary>Properties of whole rollouts, over random clusters, states and orders of events.</summary>
public sealed class RolloutSimulationTests
{
    [Fact]
    public void Rollout_GoodTemplateAndNoRivals_ReplacesAllAndNeverTakesTwo() => ForAll(200, random =>
    {
        var (simulation, replicas, healthy) = Start(random, isBad: false, (random, _) => random.Next(5) == 0 ? "starting" : "ready");
        for (var i = 0; i < 120; i++)
        {
            simulation.Step();
            simulation.RequireAvailable(healthy - (simulation.FirstMode == RolloutMode.Surge ? 0 : 1));
        }

        simulation.Settle();

        simulation.OldLeft.Should().Be(0);
        simulation.NewReady.Should().Be(Math.Min(replicas, simulation.Capacity));
        (simulation.Surge, simulation.Unavailable, simulation.IsPaused).Should().Be((1, 0, false), "nothing is left to replace");
    });

    [Fact]
    public void Rollout_BadTemplate_StopsWithAllThatAnsweredButOne() => ForAll(150, random =>
    {
        var (simulation, _, healthy) = Start(random, isBad: true, (_, _) => "ready");
        for (var i = 0; i < 120; i++)
        {
            simulation.Step();
            simulation.RequireAvailable(healthy - (simulation.FirstMode == RolloutMode.Surge ? 0 : 1));
        }

        simulation.Settle();

        // The only replica has nobody left to be spared.
        (simulation.IsPaused, simulation.LastReason).Should().Be(simulation.OldLeft == 0 ? (false, "Complete") : (true, "CrashLoopBackOff"));
        simulation.OldLeft.Should().BeGreaterThanOrEqualTo(healthy - 1);
        simulation.NewReady.Should().Be(0);
    });

    [Fact]
    public void Rollout_RivalsComeAtAnyTime_LosesNoMoreThanTheyTook() => ForAll(150, random =>
    {
        var (simulation, _, healthy) = Start(random, isBad: false, (_, _) => "ready");
        for (var i = 0; i < 150; i++)
        {
            if (random.Next(30) == 0 && simulation.Rivals < 4)
            {
                simulation.AddRival();
            }

            simulation.Step();
            simulation.RequireAvailable(healthy - 1 - simulation.Stolen);
        }
    });

    [Fact]
    public void Rollout_ManyRivalsWaitFromTheStart_LosesOneReplicaAtMost() => ForAll(100, random =>
    {
        var (simulation, _, healthy) = Start(random, isBad: false, (_, _) => "ready", rivals: 10);
        for (var i = 0; i < 150; i++)
        {
            simulation.Step();
            simulation.RequireAvailable(healthy - 1);
        }
    });

    private static (RolloutSimulation Simulation, int Replicas, int Healthy) Start(Random random, bool isBad, Func<Random, int, string> state, int rivals = 0)
    {
        var accelerators = Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(1, 4)).ToList();
        var replicas = random.Next(1, Math.Max(2, accelerators.Sum() + 2));
        var simulation = new RolloutSimulation(random, replicas, accelerators) { IsBad = isBad };
        for (var i = 0; i < rivals; i++)
        {
            simulation.AddRival();
        }

        simulation.Begin([.. Enumerable.Range(0, replicas).Select(i => state(random, i))]);
        return (simulation, replicas, simulation.Available);
    }

    private static void ForAll(int runs, Action<Random> property) => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(runs).WithReplay(17, 19), Prop.ForAll(Gen.Choose(0, 1_000_000).ToArbitrary(), seed => property(new Random(seed))));
}
