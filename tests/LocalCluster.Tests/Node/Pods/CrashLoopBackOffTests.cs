using Octavo.LocalCluster.Node.Pods;

namespace Octavo.LocalCluster.Tests.Node.Pods;

public sealed class CrashLoopBackOffTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly CrashLoopBackOff backOff = new(TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(5));

    [Fact]
    public void DelayAfter_CrashAfterCrash_IsTheKubeletsSeries()
    {
        var now = Start;
        var delays = new List<double>();
        for (var i = 0; i < 9; i++)
        {
            var delay = backOff.DelayAfter(now);
            delays.Add(delay.TotalSeconds);
            backOff.RecordRestart(now, now + delay);
            now += delay + TimeSpan.FromSeconds(1);
        }

        delays.Should().Equal(0, 10, 20, 40, 80, 160, 300, 300, 300);
    }

    [Fact]
    public void DelayAfter_LongRun_StartsAfresh()
    {
        backOff.RecordRestart(Start, Start);
        backOff.RecordRestart(Start, Start);
        backOff.DelayAfter(Start.AddMinutes(9)).Should().Be(TimeSpan.FromSeconds(20));
        backOff.DelayAfter(Start.AddMinutes(10).AddSeconds(1)).Should().Be(TimeSpan.Zero);
        backOff.RecordRestart(Start.AddMinutes(11), Start.AddMinutes(11));
        backOff.Current.Should().Be(TimeSpan.FromSeconds(10));
    }

    [Theory]
    [InlineData(10, "10s")]
    [InlineData(80, "1m20s")]
    [InlineData(300, "5m0s")]
    public void Duration_IsWrittenAsGoDoes(int seconds, string expected) => ContainerRunner.Duration(TimeSpan.FromSeconds(seconds)).Should().Be(expected);
}
