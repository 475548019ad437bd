using Octavo.LocalCluster.Node.Probes;

namespace Octavo.LocalCluster.Tests.Node.Probes;

public sealed class ProbeCounterTests
{
    /// <summary>Attempts as a word of + and -; expected is what counts after each.</summary>
    [Theory]
    [InlineData(1, 3, false, "+", "+")]
    [InlineData(1, 3, true, "--+--", "+++++")]
    [InlineData(1, 3, true, "---", "++-")]
    [InlineData(2, 1, false, "+-++", "---+")]
    [InlineData(1, 1, true, "-+-", "-+-")]
    [InlineData(3, 2, false, "+++--", "--++-")]
    public void Observe_Attempts_CountOnlyInARow(int successThreshold, int failureThreshold, bool initial, string attempts, string expected)
    {
        var counter = new ProbeCounter(successThreshold, failureThreshold, initial);
        var seen = string.Concat(attempts.Select(a =>
        {
            counter.Observe(a == '+');
            return counter.Passing ? '+' : '-';
        }));
        seen.Should().Be(expected);
    }
}
