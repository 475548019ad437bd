using Octavo.LocalCluster.Node.Logs;
using Octavo.LocalCluster.Node.Processes;

namespace Octavo.LocalCluster.Tests.Node.Processes;

/// <summary>Real processes, through the shim.</summary>
public sealed class ContainerProcessTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly string folder = Directory.CreateTempSubdirectory("octavo-process-").FullName;
    private readonly ProcessStarter starter = new();

    public void Dispose()
    {
        starter.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task StartAsync_Command_GivesItsExitCodeAndOutput()
    {
        using var log = Log();
        using var process = await StartAsync(log, "echo out; echo err >&2; echo $X; exit 7");
        (await process.Exited.WaitAsync(Patience)).Should().Be(7);
        ContainerLogReader.Tail(log, 10, 1000).Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().BeEquivalentTo("out", "err", "value");
    }

    [Fact]
    public async Task StartAsync_Process_LeadsASessionOfItsOwn()
    {
        using var log = Log();
        using var process = await StartAsync(log, "cut -d' ' -f5,6 /proc/$$/stat");
        await process.Exited.WaitAsync(Patience);
        ContainerLogReader.Tail(log, 1, 1000).Trim().Should().Be($"{process.Id} {process.Id}");
    }

    [Fact]
    public async Task Terminate_ProcessThatListens_EndsAsItWants()
    {
        using var log = Log();
        using var process = await StartAsync(log, "trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done");
        await WaitForLineAsync(log);
        process.Terminate();
        (await process.Exited.WaitAsync(Patience)).Should().Be(3);
    }

    [Fact]
    public async Task Kill_ProcessWithChildren_LeavesNoneBehind()
    {
        using var log = Log();
        using var process = await StartAsync(log, "trap '' TERM; sleep 600 & echo $!; wait");
        var child = (await WaitForLineAsync(log)).Trim();
        process.Kill();
        (await process.Exited.WaitAsync(Patience)).Should().Be(137);
        await WaitUntilGoneAsync(child);
    }

    [Fact]
    public async Task Exited_MainProcessEnds_TakesItsChildrenWithIt()
    {
        using var log = Log();
        using var process = await StartAsync(log, "sleep 600 & echo $!");
        (await process.Exited.WaitAsync(Patience)).Should().Be(0);
        await WaitUntilGoneAsync(ContainerLogReader.Tail(log, 1, 100).Trim());
    }

    /// <summary>The thread that starts children stands for the node: its end is the node's end to the kernel.</summary>
    [SkippableFact]
    public async Task StarterEnds_ProcessRuns_IsKilledByTheKernel()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "parent-death signals are Linux's");
        using var log = Log();
        using var mortal = new ProcessStarter();
        using var process = await ContainerProcess.StartAsync(mortal, Specification("echo ready; sleep 600"), log, TimeProvider.System);
        await WaitForLineAsync(log);
        mortal.Dispose();
        (await process.Exited.WaitAsync(Patience)).Should().Be(137);
    }

    [SkippableFact]
    public async Task KillLeftovers_GroupOfAnEarlierNode_IsKilledAndOthersAreNot()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "/proc is Linux's");
        var ledger = new ProcessLedger(Path.Combine(folder, "ledger"), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        using var log = Log();
        using var otherLog = Log("other");
        using var process = await StartAsync(log, "echo ready; sleep 600");
        using var other = await StartAsync(otherLog, "echo ready; sleep 600");
        await WaitForLineAsync(log);
        await WaitForLineAsync(otherLog);
        ledger.Add(process.Id);
        await File.WriteAllTextAsync(Path.Combine(folder, "ledger", $"{other.Id}"), "1"); // The id was given to another process since.
        ledger.KillLeftovers();
        (await process.Exited.WaitAsync(Patience)).Should().Be(137);
        other.Exited.IsCompleted.Should().BeFalse();
        other.Kill();
        await other.Exited.WaitAsync(Patience);
    }

    private ContainerLog Log(string name = "0") => new(Path.Combine(folder, $"{name}.log"), TimeProvider.System);

    private Task<ContainerProcess> StartAsync(ContainerLog log, string script) => ContainerProcess.StartAsync(starter, Specification(script), log, TimeProvider.System);

    private ProcessSpecification Specification(string script) => new()
    {
        FileName = "/bin/sh",
        Arguments = ["-c", script],
        WorkingDirectory = folder,
        Environment = new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")!, ["X"] = "value" },
    };

    private static async Task<string> WaitForLineAsync(ContainerLog log)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var changed = log.Changed;
            var text = ContainerLogReader.Tail(log, 1, 1000);
            if (text.Length > 0)
            {
                return text;
            }

            await changed.WaitAsync(patience.Token);
        }
    }

    private static async Task WaitUntilGoneAsync(string processId)
    {
        // Killed, it stays a zombie until its new parent has reaped it.
        using var patience = new CancellationTokenSource(Patience);
        while (File.Exists($"/proc/{processId}/stat") && !(await ReadStateAsync(processId)).Contains(") Z", StringComparison.Ordinal))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, patience.Token);
        }
    }

    private static async Task<string> ReadStateAsync(string processId)
    {
        try
        {
            return await File.ReadAllTextAsync($"/proc/{processId}/stat");
        }
        catch (IOException)
        {
            return ") Z"; // Gone between the two looks.
        }
    }
}
