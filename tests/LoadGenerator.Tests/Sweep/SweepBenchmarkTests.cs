using System.CommandLine;
using System.Text.Json;
using Octavo.LoadGenerator.Configuration;
using Octavo.LoadGenerator.Sweep;
using Octavo.LoadGenerator.Workload;

namespace Octavo.LoadGenerator.Tests.Sweep;

public sealed class SweepBenchmarkTests : IAsyncLifetime
{
    private readonly FakeServer server = new();
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public Task InitializeAsync() => server.StartAsync();

    public async Task DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task Run_Concurrencies_AreMeasuredInEveryRoundWithPromptsOfTheirOwn()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            var common = new ServeOptions { BaseUrl = server.Url, OutputLen = LengthDistribution.Fixed(2), JsonPath = path, Goodput = new ServiceLevel(60_000, null, null) };
            var exitCode = await new SweepBenchmark(new SweepOptions(common, SweepVariable.MaxConcurrency, ["1", "3"], [], 2, 4, null), TimeProvider.System, output, error).RunAsync(CancellationToken.None);

            exitCode.Should().Be(0, error.ToString());
            var root = JsonDocument.Parse(await File.ReadAllTextAsync(path)).RootElement;
            var points = root.GetProperty("points").EnumerateArray().ToArray();
            points.Select(p => p.GetProperty("run").GetProperty("completed").GetInt32()).Should().Equal(4, 12);
            points.Select(p => p.GetProperty("median").GetProperty("good_share").GetDouble()).Should().Equal(1, 1);
            points[0].GetProperty("by_first").GetProperty("output_throughput").GetDouble().Should().Be(1);
            var prompts = server.Bodies.Where(b => b.GetProperty("max_tokens").GetInt32() == 2).Select(b => b.GetProperty("messages")[0].GetProperty("content").GetString()).ToArray();
            prompts.Should().HaveCount(2 * (4 + 12)).And.OnlyHaveUniqueItems("a point must not find another's prompts in a cache");
            output.ToString().Should().Contain("3 at once").And.Contain("good %");
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task Run_Servers_GetTheSamePrompts()
    {
        await using var other = new FakeServer();
        await other.StartAsync();
        var common = new ServeOptions { NumPrompts = 3, MaxConcurrency = 1, OutputLen = LengthDistribution.Fixed(2) };
        var exitCode = await new SweepBenchmark(new SweepOptions(common, SweepVariable.BaseUrl, [server.Url, other.Url], ["new", "old"], 2, null, null), TimeProvider.System, output, error).RunAsync(CancellationToken.None);

        exitCode.Should().Be(0, error.ToString());
        server.Bodies.Select(b => b.ToString()).Should().Equal(other.Bodies.Select(b => b.ToString()));
        output.ToString().Should().Contain("new by old");
    }

    [Fact]
    public async Task Run_Rates_TellsTheHighestThatIsBorne()
    {
        var common = new ServeOptions { BaseUrl = server.Url, OutputLen = LengthDistribution.Fixed(1), Goodput = new ServiceLevel(60_000, null, null) };
        await new SweepBenchmark(new SweepOptions(common, SweepVariable.RequestRate, ["200"], [], 1, null, 0.02), TimeProvider.System, output, error).RunAsync(CancellationToken.None);

        output.ToString().Should().Contain("highest goodput").And.Contain("at 200/s");
    }

    [Fact]
    public async Task Run_NoServer_ExitsOne()
    {
        var common = new ServeOptions { BaseUrl = server.Url, NumPrompts = 1 };
        await server.DisposeAsync();

        (await new SweepBenchmark(new SweepOptions(common, SweepVariable.MaxConcurrency, ["1"], [], 1, null, null), TimeProvider.System, output, error).RunAsync(CancellationToken.None)).Should().Be(1);
    }

    [Fact]
    public void At_Rate_SendsAsManyAsTheTimeTakes()
    {
        var options = new SweepOptions(new ServeOptions(), SweepVariable.RequestRate, ["0.5", "8"], [], 1, null, 10);

        options.At(0, 0).NumPrompts.Should().Be(5);
        options.At(1, 0).NumPrompts.Should().Be(80);
        options.At(1, 0).RequestRate.Should().Be(8);
    }

    [Fact]
    public async Task Invoke_Flags_BecomeOptions()
    {
        var (options, _) = await InvokeAsync("--sweep-request-rate", "1,2", "4", "--rounds", "3", "--point-seconds", "5", "--ignore-eos");

        options!.Variable.Should().Be(SweepVariable.RequestRate);
        options.Values.Should().Equal("1", "2", "4");
        options.Rounds.Should().Be(3);
        options.Base.IgnoreEos.Should().BeTrue();
    }

    [Theory]
    [InlineData("--rounds 2")]
    [InlineData("--sweep-max-concurrency 1 --sweep-request-rate 2")]
    [InlineData("--sweep-max-concurrency 0")]
    [InlineData("--sweep-request-rate x")]
    [InlineData("--sweep-base-url x")]
    [InlineData("--sweep-max-concurrency 1 --rounds 0")]
    [InlineData("--sweep-max-concurrency 1 --num-prompts 0")]
    public async Task Invoke_SenselessFlags_AreRefused(string flags)
    {
        var (options, exitCode) = await InvokeAsync(flags.Split(' '));

        options.Should().BeNull();
        exitCode.Should().Be(2);
        error.ToString().Should().Contain("--");
    }

    private async Task<(SweepOptions? Options, int ExitCode)> InvokeAsync(params string[] args)
    {
        SweepOptions? seen = null;
        var command = new RootCommand
        {
            SweepCommand.Create((options, _) =>
            {
                seen = options;
                return Task.FromResult(0);
            }, error),
        };
        var exitCode = await command.Parse(["sweep", .. args]).InvokeAsync();
        return (seen, exitCode);
    }
}
