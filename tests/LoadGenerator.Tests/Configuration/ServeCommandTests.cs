using System.CommandLine;
using Octavo.LoadGenerator.Configuration;
using Octavo.LoadGenerator.Workload;

namespace Octavo.LoadGenerator.Tests.Configuration;

public sealed class ServeCommandTests
{
    [Fact]
    public async Task Invoke_Flags_BecomeOptions()
    {
        var (options, exitCode, _) = await RunAsync("--base-url", "http://h:1", "--model", "m", "--num-prompts", "5", "--max-concurrency", "2", "--request-rate", "1.5", "--dataset-name", "prefix_repetition",
            "--prefix-repetition-prefix-len", "9", "--output-len", "exp:50:90", "--goodput", "ttft:200", "e2el:5000", "--extra-body", "{}", "--header", "a=b=c", "--duration", "2", "--endpoint", "/v1/completions", "--seed", "4", "--quiet", "--ignore-eos", "--json", "f");

        exitCode.Should().Be(0);
        options.Should().BeEquivalentTo(new ServeOptions
        {
            BaseUrl = "http://h:1", Model = "m", NumPrompts = 5, MaxConcurrency = 2, RequestRate = 1.5, Dataset = DatasetKind.Random, PrefixLen = 9, NumPrefixes = 10,
            InputLen = LengthDistribution.Fixed(64), OutputLen = LengthDistribution.Parse("exp:50:90")!, OutputLenGiven = true, Goodput = new ServiceLevel(200, null, 5000), ExtraBody = [], Headers = [KeyValuePair.Create("a", "b=c")],
            Duration = TimeSpan.FromSeconds(2), Endpoint = "/v1/completions", Seed = 4, Quiet = true, IgnoreEos = true, JsonPath = "f",
        }, o => o.ComparingByValue<LengthDistribution>());
    }

    [Theory]
    [InlineData("inf")]
    [InlineData("INF")]
    public async Task Invoke_InfiniteRate_IsAccepted(string text) => (await RunAsync("--request-rate", text)).Options!.RequestRate.Should().Be(double.PositiveInfinity);

    [Fact]
    public async Task Invoke_SeveralBadValues_TellsAll()
    {
        var (options, exitCode, error) = await RunAsync("--base-url", "x", "--num-prompts", "0", "--max-concurrency", "-1", "--random-range-ratio", "1", "--endpoint", "v1", "--goodput", "soon:1", "--dataset-name", "trace", "--burst-size", "0");

        options.Should().BeNull();
        exitCode.Should().Be(2);
        error.Should().Contain("--base-url").And.Contain("--num-prompts").And.Contain("--max-concurrency").And.Contain("--random-range-ratio").And.Contain("--endpoint").And.Contain("--goodput").And.Contain("--dataset-path").And.Contain("--burst-size");
    }

    [Fact]
    public async Task Invoke_DurationWithoutAnyBound_IsRefused() => (await RunAsync("--duration", "5")).Error.Should().Contain("--duration");

    [Theory]
    [InlineData("--random-input-len", "x")]
    [InlineData("--extra-body", "[]")]
    [InlineData("--request-rate", "fast")]
    public async Task Invoke_ValueOfAnotherForm_IsRefused(string flag, string value)
    {
        var (options, exitCode, _) = await RunAsync(flag, value);

        options.Should().BeNull();
        exitCode.Should().NotBe(0);
    }

    private static async Task<(ServeOptions? Options, int ExitCode, string Error)> RunAsync(params string[] args)
    {
        ServeOptions? seen = null;
        var error = new StringWriter();
        var command = new RootCommand
        {
            ServeCommand.Create((options, _) =>
            {
                seen = options;
                return Task.FromResult(0);
            }, error),
        };
        var exitCode = await command.Parse(["serve", .. args]).InvokeAsync();
        return (seen, exitCode, error.ToString());
    }
}
