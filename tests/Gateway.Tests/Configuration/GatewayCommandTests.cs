using Octavo.Gateway.Configuration;

namespace Octavo.Gateway.Tests.Configuration;

public sealed class GatewayCommandTests
{
    [Fact]
    public async Task Invoke_Flags_BecomeOptions()
    {
        var (options, exitCode, _) = await RunAsync("--host", "0.0.0.0", "--port", "0", "--namespace", "team", "--watch-namespaces", "other,third", "--held-request-timeout", "1.5", "--max-held-requests", "7", "--api-key", "a", "--api-key", "b");

        exitCode.Should().Be(0);
        options.Should().BeEquivalentTo(new GatewayOptions
        {
            Host = "0.0.0.0",
            Port = 0,
            Namespaces = ["team", "other", "third"],
            HeldRequestTimeout = TimeSpan.FromSeconds(1.5),
            WaitingRoom = new() { MaxRequestsPerModel = 7 },
            ApiKeys = ["a", "b"],
        });
    }

    [Fact]
    public async Task Invoke_NoFlags_GivesTheDefaults() => (await RunAsync()).Options.Should().BeEquivalentTo(new GatewayOptions());

    [Fact]
    public async Task Invoke_SeveralBadValues_TellsAllAndDoesNotRun()
    {
        var (options, exitCode, error) = await RunAsync("--host", "nowhere", "--port", "70000", "--namespace", "Not_One", "--max-held-requests", "-1", "--max-attempts", "0", "--kubeconfig", "/does/not/exist", "--api-key", " ");

        options.Should().BeNull();
        exitCode.Should().Be(2);
        error.Should().Contain("--host").And.Contain("--port").And.Contain("--watch-namespaces").And.Contain("--max-held-requests").And.Contain("--max-attempts").And.Contain("--kubeconfig").And.Contain("--api-key");
    }

    private static async Task<(GatewayOptions? Options, int ExitCode, string Error)> RunAsync(params string[] args)
    {
        GatewayOptions? seen = null;
        var error = new StringWriter();
        var command = GatewayCommand.Create((options, _) =>
        {
            seen = options;
            return Task.FromResult(0);
        }, error);
        var exitCode = await command.Parse(args).InvokeAsync();
        return (seen, exitCode, error.ToString());
    }
}
