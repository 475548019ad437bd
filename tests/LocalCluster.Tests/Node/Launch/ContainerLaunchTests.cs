using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Node.Launch;

namespace Octavo.LocalCluster.Tests.Node.Launch;

public sealed class ContainerLaunchTests
{
    private static readonly ImageMapping Shell = ImageMapping.Parse("sh=/bin/sh -e");
    private static readonly Dictionary<string, string> Inherited = new() { ["PATH"] = "/usr/bin:/bin", ["SECRET_OF_THE_NODE"] = "no" };

    [Fact]
    public void Build_ArgsOnly_RunsTheMappedExecutable()
    {
        var process = Build(new V1Container { Name = "c", Args = ["-c", "echo $(X)"] }, new() { ["X"] = "/data/a" });
        process.FileName.Should().Be("/bin/sh");
        process.Arguments.Should().Equal("-e", "-c", "echo /data/a");
        process.Environment.Should().Contain("X", "/host/data/a").And.Contain("HOSTNAME", "pod-1").And.NotContainKey("SECRET_OF_THE_NODE");
        process.WorkingDirectory.Should().Be("/tmp");
    }

    [Fact]
    public void Build_Command_ReplacesTheExecutableIfItIsOnTheHost()
    {
        Build(new V1Container { Name = "c", Command = ["sh", "-c"], Args = ["true"] }, []).FileName.Should().EndWith("/sh");
        FluentActions.Invoking(() => Build(new V1Container { Name = "c", Command = ["/no/such/thing"] }, []))
            .Should().Throw<ContainerConfigException>().WithMessage("*no such file or directory*").Which.Reason.Should().Be("StartError");
        FluentActions.Invoking(() => Build(new V1Container { Name = "c", Command = ["no-such-thing"] }, []))
            .Should().Throw<ContainerConfigException>().WithMessage("*not found in $PATH*");
    }

    private static LocalCluster.Node.Processes.ProcessSpecification Build(V1Container container, Dictionary<string, string> environment) =>
        ContainerLaunch.Build(container, Shell, environment, new PathMap(new Dictionary<string, string> { ["/data"] = "/host/data" }), "pod-1", "/tmp", Inherited);
}
