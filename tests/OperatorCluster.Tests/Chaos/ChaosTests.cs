using Octavo.OperatorCluster.Tests.Harness;

namespace Octavo.OperatorCluster.Tests.Chaos;

/// <summary>The operator through everything that goes wrong on real clusters, by seeds. A failing seed is the test's name: run it again by <c>OCTAVO_FUZZ_SEED</c>.</summary>
public sealed class ChaosTests
{
    private static readonly TimeSpan Whole = TimeSpan.FromMinutes(8);

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 5)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public Task Schedule_OfFaultsAndWishes_KeepsInvariantsConvergesAndIsQuiet(int seed) => PlayAsync(seed);

    /// <summary>`make fuzz-operator`.</summary>
    [SkippableFact]
    public async Task Schedules_ForAWhile_KeepInvariants()
    {
        var seconds = int.TryParse(Environment.GetEnvironmentVariable("OCTAVO_FUZZ_SECONDS"), out var given) ? given : 0;
        Skip.If(seconds == 0, "only with OCTAVO_FUZZ_SECONDS (make fuzz-operator)");
        var seed = int.TryParse(Environment.GetEnvironmentVariable("OCTAVO_FUZZ_SEED"), out var first) ? first : 1000;
        for (var begin = TimeProvider.System.GetTimestamp(); TimeProvider.System.GetElapsedTime(begin) < TimeSpan.FromSeconds(seconds); seed++)
        {
            await PlayAsync(seed);
            Console.WriteLine($"seed {seed} holds");
        }
    }

    [Fact]
    public void Of_SameSeed_IsTheSameSchedule()
    {
        ChaosSchedule.Of(7).ToString().Should().Be(ChaosSchedule.Of(7).ToString()).And.NotBe(ChaosSchedule.Of(8).ToString());
        Enumerable.Range(0, 200).SelectMany(s => ChaosSchedule.Of(s).Steps.Select(x => x.Step.GetType())).Distinct().Should().HaveCount(typeof(ChaosStep).GetNestedTypes().Length, "every kind of step comes");
    }

    private static async Task PlayAsync(int seed)
    {
        var schedule = ChaosSchedule.Of(seed);
        using var timeout = new CancellationTokenSource(Whole, TimeProvider.System);
        await using var run = await ChaosRun.StartAsync(schedule, timeout.Token);
        try
        {
            await run.PlayAsync(timeout.Token);
            await run.ConvergeAsync(TimeSpan.FromSeconds(180), timeout.Token);

            (await ObjectVersions.ChangesDuringAsync(run.Harness.Client, ChaosRun.Peace, timeout.Token)).Should().BeEmpty("nobody asked for anything");
            run.Watch.Violations.Distinct().Should().BeEmpty();
            run.Harness.Host.HollowNodes.Killed.Should().BeEmpty("every drain ends before its time");
            var (writerChanges, transitions) = await run.WritersAsync(timeout.Token);
            writerChanges.Should().BeLessThanOrEqualTo((int)transitions, "one operator writes in each term");
            run.Watch.Statuses.Should().BePositive();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            throw new InvalidOperationException(
                $"{schedule}\n{exception.Message}\nviolations: {string.Join("; ", run.Watch.Violations.Distinct().Take(10))}\n"
                + $"faults: {string.Join(", ", run.Harness.Faults.Injected)}\n{string.Join('\n', run.Harness.Log.Lines)}",
                exception);
        }
    }
}
