using System.Diagnostics;
using Octavo.LocalCluster.Node.Logs;

namespace Octavo.LocalCluster.Node.Processes;

/// <summary>One run of a container: a process that leads a session of its own, with its output pumped into a log.</summary>
internal sealed class ContainerProcess : IDisposable
{
    /// <summary>How long output is awaited after the process has ended: someone may still hold the pipe.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(2);

    private readonly Process process;
    private readonly Task pumps;
    private readonly TimeProvider time;

    private ContainerProcess(Process process, ContainerLog log, TimeProvider time)
    {
        this.process = process;
        this.time = time;
        Id = process.Id;
        process.StandardInput.Close();
        pumps = Task.WhenAll(
            LogPump.RunAsync(process.StandardOutput.BaseStream, "stdout", log),
            LogPump.RunAsync(process.StandardError.BaseStream, "stderr", log));
        Exited = WaitAsync();
    }

    /// <summary>Process id; also the id of its process group and session.</summary>
    public int Id { get; }

    /// <summary>Completes with the exit code (128 + signal for a killed process) once the process has ended and its output is in the log.</summary>
    public Task<int> Exited { get; }

    public static async Task<ContainerProcess> StartAsync(ProcessStarter starter, ProcessSpecification specification, ContainerLog log, TimeProvider time)
    {
        var process = await starter.StartAsync(ShimStartInfo(specification)).ConfigureAwait(false);
        return new ContainerProcess(process, log, time);
    }

    /// <summary>SIGTERM to the main process, as a container runtime does.</summary>
    public void Terminate() => Signal(Libc.SigTerm, wholeGroup: false);

    /// <summary>SIGKILL to the whole process group.</summary>
    public void Kill() => Signal(Libc.SigKill, wholeGroup: true);

    public void Dispose() => process.Dispose();

    private static ProcessStartInfo ShimStartInfo(ProcessSpecification specification)
    {
        var info = new ProcessStartInfo
        {
            WorkingDirectory = specification.WorkingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        var executable = Path.Combine(AppContext.BaseDirectory, "octavo-local");
        if (File.Exists(executable))
        {
            info.FileName = executable;
        }
        else
        {
            info.FileName = "dotnet";
            info.ArgumentList.Add(executable + ".dll");
        }

        info.ArgumentList.Add(ExecChild.Verb);
        info.ArgumentList.Add(Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture));
        info.ArgumentList.Add(specification.FileName);
        foreach (var argument in specification.Arguments)
        {
            info.ArgumentList.Add(argument);
        }

        info.Environment.Clear();
        foreach (var (name, value) in specification.Environment)
        {
            info.Environment[name] = value;
        }

        return info;
    }

    private void Signal(int signal, bool wholeGroup)
    {
        if (process.HasExited)
        {
            return;
        }

        // Before the shim has called setsid there is no such group yet, hence the process itself as well.
        if (wholeGroup)
        {
            _ = Libc.Kill(-Id, signal);
        }

        _ = Libc.Kill(Id, signal);
    }

    private async Task<int> WaitAsync()
    {
        await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);

        // What the main process left behind ends with it, as in a process namespace.
        _ = Libc.Kill(-Id, Libc.SigKill);
        try
        {
            await pumps.WaitAsync(DrainTimeout, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // A process that left the group holds the pipe; its output is not this container's any more.
        }

        return process.ExitCode;
    }
}
