using System.Text;
using Octavo.LocalCluster.Node.Logs;
using Octavo.TestSupport;

namespace Octavo.LocalCluster.Tests.Node.Logs;

public sealed class ContainerLogTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("octavo-log-").FullName;
    private readonly FakeTimeProvider time = new();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(null, null, "one\ntwo\nthree\n")]
    [InlineData(2, null, "two\nthree\n")]
    [InlineData(0, null, "")]
    [InlineData(null, 5, "one\nt")]
    public async Task Copy_TailAndLimit_CutWhatIsGiven(int? tail, int? limit, string expected)
    {
        using var log = Filled();
        (await ReadAsync(log, new LogQuery { TailLines = tail, LimitBytes = limit })).Should().Be(expected);
    }

    [Fact]
    public async Task Copy_WithTimestampsAndSince_TakesTheLaterLines()
    {
        using var log = Filled();
        (await ReadAsync(log, new LogQuery { Timestamps = true, Since = time.GetUtcNow() })).Should().Be("2026-01-01T00:00:20.000000000Z three\n");
    }

    [Fact]
    public async Task Copy_Following_GoesOnThroughRotationUntilTheEnd()
    {
        using var log = new ContainerLog(Path.Combine(folder, "0.log"), time, maxBytes: 200);
        using var output = new MemoryStream();
        var reading = ContainerLogReader.CopyAsync(log, new LogQuery { Follow = true }, output, CancellationToken.None);
        for (var i = 0; i < 10; i++)
        {
            var seen = output.Length;
            log.Append("stdout", Encoding.UTF8.GetBytes($"line {i}"), partial: false);
            log.Flush();
            for (var spins = 0; output.Length == seen && spins < 100_000; spins++)
            {
                await Task.Yield();
            }
        }

        log.Complete();
        await reading.WaitAsync(TimeSpan.FromSeconds(10));
        log.Rotations.Should().BeGreaterThan(0);
        Encoding.UTF8.GetString(output.ToArray()).Should().Be(string.Concat(Enumerable.Range(0, 10).Select(i => $"line {i}\n")));
    }

    [Fact]
    public async Task Pump_LinesAndARest_WritesEachOnce()
    {
        using var log = new ContainerLog(Path.Combine(folder, "0.log"), time);
        await LogPump.RunAsync(new MemoryStream(Encoding.UTF8.GetBytes("a\n\nlong " + new string('x', 40_000) + "\nrest")), "stdout", log);
        (await ReadAsync(log, new LogQuery())).Should().Be("a\n\nlong " + new string('x', 40_000) + "\nrest\n");
    }

    [Fact]
    public void Tail_LinesAndBytes_AreBothBounds()
    {
        using var log = Filled();
        ContainerLogReader.Tail(log, 2, 100).Should().Be("two\nthree\n");
        ContainerLogReader.Tail(log, 80, 8).Should().Be("o\nthree\n");
    }

    [Theory]
    [InlineData("tailLines", "-1")]
    [InlineData("limitBytes", "many")]
    [InlineData("sinceTime", "yesterday")]
    public void TryParse_Malformed_NamesTheParameter(string name, string value)
    {
        LogQuery.TryParse(n => n == name ? value : null, time.GetUtcNow(), out _, out var error).Should().BeFalse();
        error.Should().Contain(name);
    }

    private ContainerLog Filled()
    {
        var log = new ContainerLog(Path.Combine(folder, "0.log"), time);
        foreach (var line in new[] { "one", "two", "three" })
        {
            if (line != "one")
            {
                time.Advance(TimeSpan.FromSeconds(10));
            }

            log.Append("stdout", Encoding.UTF8.GetBytes(line), partial: false);
        }

        log.Complete();
        return log;
    }

    private static async Task<string> ReadAsync(ContainerLog log, LogQuery query)
    {
        using var output = new MemoryStream();
        await ContainerLogReader.CopyAsync(log, query, output, CancellationToken.None);
        return Encoding.UTF8.GetString(output.ToArray());
    }
}
