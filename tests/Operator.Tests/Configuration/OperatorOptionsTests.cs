using Octavo.Operator.Configuration;

namespace Octavo.Operator.Tests.Configuration;

public sealed class OperatorOptionsTests
{
    [Fact]
    public void Validate_Defaults_AreValid() => new OperatorOptions().Validate().Should().BeEmpty();

    [Fact]
    public void Validate_EverythingWrong_TellsAllAtOnce()
    {
        var options = new OperatorOptions
        {
            Kubeconfig = "/does/not/exist",
            WatchNamespaces = ["fine", "Not_A_Name", ""],
            LeaderElectionNamespace = "",
            BindAddress = "8081",
            RuntimeImage = " ",
            AutoscalingInterval = TimeSpan.Zero,
            Workers = 0,
        };

        options.Validate().Select(e => e[..e.IndexOf(':', StringComparison.Ordinal)]).Should().Equal(
            "--kubeconfig", "--watch-namespaces", "--watch-namespaces", "--leader-election-namespace", "--bind-address", "--runtime-image", "--autoscaling-interval", "--workers");
    }

    [Theory]
    [InlineData("127.0.0.1:0", 0)]
    [InlineData("0.0.0.0:8081", 8081)]
    [InlineData("[::1]:9", 9)]
    public void Validate_BindAddress_IsAddressAndPort(string address, int port)
    {
        var options = new OperatorOptions { BindAddress = address };

        options.Validate().Should().BeEmpty();
        options.BindEndPoint.Port.Should().Be(port);
    }

    [Fact]
    public async Task Create_UnknownLogFormat_NamesTheOnesThatAre()
    {
        var error = new StringWriter();

        (await OperatorCommand.Create().Parse(["--log-format", "xml"]).InvokeAsync(new() { Error = error, Output = TextWriter.Null })).Should().NotBe(0);
        error.ToString().Should().Contain("xml").And.Contain("json");
    }

    [Theory]
    [InlineData("--bind-address", "nonsense")]
    [InlineData("--workers", "0")]
    [InlineData("--nonsense")]
    [InlineData("--watch-namespaces", "a,B")]
    [InlineData("--watch-namespaces", "a,,b")]
    public async Task Create_WrongCommandLine_FailsBeforeAnythingRuns(params string[] arguments)
    {
        var error = new StringWriter();
        var parsed = OperatorCommand.Create().Parse(arguments);

        (await parsed.InvokeAsync(new() { Error = error, Output = TextWriter.Null })).Should().NotBe(0);
        error.ToString().Should().Contain(arguments[0]);
    }
}
