using Octavo.LoadGenerator.Reporting.Html;

namespace Octavo.LoadGenerator.Peers;

public sealed class PeersReportTests
{
    private static readonly PeersOptions Options = new() { Bin = "bin", Peers = "/peers", TransformersProgram = "t.py", Results = "out", Threads = 2 };

    [Fact]
    public void Ratio_OfRatesAndTimes_SaysHowManyTimesAsGood()
    {
        var result = Result();
        result.Ratio("other", result.Work.Measures[0]).Should().Be(2.5, "the rounds' ratios are 12.5, 0.5 and 2.5");
        result.Ratio("other", result.Work.Measures[1]).Should().Be(4, "half of a second against two");
        result.Ratio("absent", result.Work.Measures[0]).Should().BeNull();
    }

    [Fact]
    public void Rows_SideThatFailed_IsLeftOut()
    {
        var rows = Report().Rows();
        rows.Should().HaveCount(2);
        rows[0].Should().Equal("a work", "tok/s", "30.0", "other", "12.0", "2.50", "≥ 1.1", "3");
        rows[1].Should().Equal("a work", "ms", "500", "other", "2000", "4.00", "", "1");
    }

    [Fact]
    public async Task WriteTable_SaysWhatWasMeasuredWithWhat()
    {
        using var output = new StringWriter();
        await Report().WriteTableAsync(output);
        output.ToString().Should().Contain("Some processor, 2 cores, 2 threads").And.Contain("avx2 fma").And.Contain("other 7").And.Contain("2.50");
    }

    [Fact]
    public void ToJson_IsDrawnByReport()
    {
        var page = HtmlReport.Render("Title", null, [ReportInput.Parse("peers", Report().ToJson().ToJsonString())]);
        page.Should().Contain("a work: tok/s").And.Contain("<rect class=\"dot c1\"").And.Contain("2.50").And.NotContain("absent</text>");
    }

    [Fact]
    public void Checkpoint_InsideOfPeersRoot_HasItsNameThere()
    {
        Options.Checkpoint.Should().Be("/peers/srv/octavo-bench/qwen2.5-0.5b");
        Options.PeerCheckpoint.Should().Be("/srv/octavo-bench/qwen2.5-0.5b");
        (Options with { Peers = "/" }).PeerCheckpoint.Should().Be((Options with { Peers = "/" }).Checkpoint);
    }

    [Fact]
    public async Task Run_UnknownWork_NamesThoseThereAre()
    {
        using var errors = new StringWriter();
        var code = await new PeersBenchmark(Options with { Only = ["decoed"] }, TimeProvider.System, TextWriter.Null, errors).RunAsync(CancellationToken.None);
        code.Should().Be(2);
        errors.ToString().Should().Contain("decoed").And.Contain("decode32").And.Contain("start").And.Contain("server64shared");
    }

    [Fact]
    public async Task Run_ProgramMissing_SaysSo()
    {
        using var errors = new StringWriter();
        var folder = Directory.CreateTempSubdirectory("octavo-peers");
        var code = await new PeersBenchmark(Options with { Bin = folder.FullName, Results = folder.FullName }, TimeProvider.System, TextWriter.Null, errors).RunAsync(CancellationToken.None);
        folder.Delete(recursive: true);
        code.Should().Be(1);
        errors.ToString().Should().Contain("octavo-serve");
    }

    private static PeersReport Report() => new(
        Options, new Machine("Some processor", 2, "avx2 fma", "0.1"), new Dictionary<string, string> { ["other"] = "7" }, [Result()]);

    private static PeerResult Result()
    {
        Func<CancellationToken, Task<IReadOnlyDictionary<string, double>>> never = _ => throw new InvalidOperationException();
        var none = new Dictionary<string, double>();
        var work = new PeerWork(
            "work", "a work", [new("octavo", never), new("other", never), new("absent", never)],
            [new("rate", "tok/s", false, new Dictionary<string, double> { ["other"] = 1.1 }), new("time", "ms", true, none)]);
        return new PeerResult(work, new Dictionary<(string, string), IReadOnlyList<double>>
        {
            [("octavo", "rate")] = [50, 10, 30], [("other", "rate")] = [4, 20, 12], [("octavo", "time")] = [500], [("other", "time")] = [2000],
        });
    }
}
