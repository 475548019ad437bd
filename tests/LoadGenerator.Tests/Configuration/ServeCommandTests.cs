using System.CommandLine;
using Octavo.LoadGenerator.Configuration;

namespace Octavo.LoadGenerator.Tests.Configuration;

public sealed class ServeCommandTests
{
    [Fact]
    public async Task Invoke_Flags_BecomeOptions()
    {
        var (options, exitCode, _) = await RunAsync("--base-url", "http://h:1", "--model", "m", "--num-prompts", "5", "--max-concurrency", "2", "--request-rate", "1.5", "--dataset-name", "prefix_repetition",
            "--prefix-repetition-prefix-len", "9", "--duration", "2", "--endpoint", "/v1/completions", "--seed", "4", "--quiet", "--ignore-eos", "--json", "f");

        exitCode.Should().Be(0);
        options.Should().BeEquivalentTo(new ServeOptions
        {
            BaseUrl = "http://h:1", Model = "m", NumPrompts = 5, MaxConcurrency = 2, RequestRate = 1.5, Dataset = DatasetKind.PrefixRepetition, PrefixLen = 9,
            Duration = TimeSpan.FromSeconds(2), Endpoint = "/v1/completions", Seed = 4, Quiet = true, IgnoreEos = true, JsonPath = "f",
        });
    }

    [Theory]
    [InlineData("inf")]
    [InlineData("INF")]
    public async Task Invoke_InfiniteRate_IsAccepted(string text) => (await RunAsync("--request-rate", text)).Options!.RequestRate.Should().Be(double.PositiveInfinity);

    [Fact]
    public async Task Invoke_SeveralBadValues_TellsAll()
    {
        var (options, exitCode, error) = await RunAsync("--base-url", "x", "--num-prompts", "0", "--max-concurrency", "-1", "--random-range-ratio", "1", "--endpoint", "v1");

        options.Should().BeNull();
        exitCode.Should().Be(2);
        error.Should().Contain("--base-url").And.Contain("--num-prompts").And.Contain("--max-concurrency").And.Contain("--random-range-ratio").And.Contain("--endpoint");
    }

    [Fact]
    public async Task Invoke_DurationWithoutAnyBound_IsRefused() => (await RunAsync("--duration", "5")).Error.Should().Contain("--duration");

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
