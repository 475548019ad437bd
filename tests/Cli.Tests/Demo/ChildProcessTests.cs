using Octavo.Cli.Demo;

namespace Octavo.Cli.Tests.Demo;

public sealed class ChildProcessTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("octavo-child").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task WaitForLine_ProgramPrintsIt_ReturnsTheLine()
    {
        await using var child = Start("echo first; echo ready: 1; exec sleep 100");

        var line = await child.WaitForLineAsync("ready", TestTimeout());

        line.Should().Be("ready: 1");
    }

    [Fact]
    public async Task WaitForLine_ProgramEndsFirst_ThrowsWithItsOutput()
    {
        await using var child = Start("echo why it failed; exit 3");

        var wait = () => child.WaitForLineAsync("ready", TestTimeout());

        (await wait.Should().ThrowAsync<DemoException>()).WithMessage("*exit code 3*why it failed*");
    }

    [Fact]
    public async Task Stop_ProgramIgnoresTerm_IsKilledAfterGrace()
    {
        await using var child = Start("trap '' TERM; echo ready; while true; do sleep 1; done");
        await child.WaitForLineAsync("ready", TestTimeout());

        await child.StopAsync(TimeSpan.FromMilliseconds(50));

        child.HasExited.Should().BeTrue();
    }

    [Fact]
    public async Task Stop_GrandchildHoldsTheOutput_DoesNotWaitForIt()
    {
        await using var child = Start("sleep 3 & echo ready; wait");
        await child.WaitForLineAsync("ready", TestTimeout());

        await child.StopAsync(TimeSpan.FromSeconds(20)).WaitAsync(TimeSpan.FromSeconds(2));

        child.HasExited.Should().BeTrue();
    }

    private static CancellationToken TestTimeout() => new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token;

    private ChildProcess Start(string script) => ChildProcess.Start("child", "/bin/sh", ["-c", script], folder, TimeProvider.System);
}
