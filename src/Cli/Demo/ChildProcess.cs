using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Octavo.Cli.Demo;

/// <summary>A program that the demo started; its output goes to a log file and, line by line, to whoever waits for a line.</summary>
internal sealed partial class ChildProcess : IAsyncDisposable
{
    private const int SigTerm = 15;

    private readonly Process process;
    private readonly StreamWriter log;
    private readonly Lock gate = new();
    private readonly Queue<string> tail = new();
    private readonly TimeProvider timeProvider;

    /// <summary>The program itself has ended; unlike Process.WaitForExitAsync it does not wait for whoever still holds its output open.</summary>
    private readonly TaskCompletionSource exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<string>? awaited;
    private string? awaitedPrefix;

    private ChildProcess(string name, Process process, StreamWriter log, string logFile, TimeProvider timeProvider)
    {
        Name = name;
        this.process = process;
        this.log = log;
        LogFile = logFile;
        this.timeProvider = timeProvider;
    }

    public string Name { get; }

    public string LogFile { get; }

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    /// <summary>Last lines of output, for a failure's message.</summary>
    public string Tail
    {
        get
        {
            lock (gate)
            {
                return string.Join(Environment.NewLine, tail);
            }
        }
    }

    public static ChildProcess Start(string name, string executable, IReadOnlyList<string> arguments, string logFolder, TimeProvider timeProvider)
    {
        if (!File.Exists(executable))
        {
            throw new DemoException($"{executable} is missing; run `make build`");
        }

        Directory.CreateDirectory(logFolder);
        var start = new ProcessStartInfo(executable) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var logFile = Path.Combine(logFolder, name + ".log");
        var log = new StreamWriter(logFile) { AutoFlush = true };
        var process = new Process { StartInfo = start };
        var child = new ChildProcess(name, process, log, logFile, timeProvider);
        process.OutputDataReceived += (_, line) => child.OnLine(line.Data);
        process.ErrorDataReceived += (_, line) => child.OnLine(line.Data);
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => child.exited.TrySetResult();
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.Close();
        return child;
    }

    /// <summary>Waits until the program prints a line with this beginning; throws with its last output if it ends first.</summary>
    public async Task<string> WaitForLineAsync(string prefix, CancellationToken cancellationToken)
    {
        Task<string> line;
        lock (gate)
        {
            if (tail.FirstOrDefault(l => l.StartsWith(prefix, StringComparison.Ordinal)) is { } seen)
            {
                return seen;
            }

            awaited = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            awaitedPrefix = prefix;
            line = awaited.Task;
        }

        var first = await Task.WhenAny(line.WaitAsync(cancellationToken), exited.Task.WaitAsync(cancellationToken));
        if (first != line && !line.IsCompletedSuccessfully)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (process.HasExited)
            {
                throw new DemoException($"{Name} ended with exit code {process.ExitCode}:{Environment.NewLine}{Tail}");
            }
        }

        return await line.WaitAsync(cancellationToken);
    }

    public void ThrowIfExited()
    {
        if (process.HasExited)
        {
            throw new DemoException($"{Name} ended with exit code {process.ExitCode} (log: {LogFile}):{Environment.NewLine}{Tail}");
        }
    }

    /// <summary>SIGTERM, then SIGKILL after the grace time. Safe to call again.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        if (process.HasExited)
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            process.Kill(entireProcessTree: true);
        }
        else
        {
            _ = Kill(process.Id, SigTerm);
        }

        using var timeout = new CancellationTokenSource(grace, timeProvider);
        try
        {
            await exited.Task.WaitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);

            // A killed process is reaped promptly; waiting without a token keeps the promise that nothing stays behind.
            await exited.Task;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.FromSeconds(15));
        process.Dispose();
        lock (gate)
        {
            log.Dispose();
        }
    }

    private void OnLine(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (gate)
        {
            if (log.BaseStream is { CanWrite: true })
            {
                log.WriteLine(line);
            }

            tail.Enqueue(line);
            if (tail.Count > 40)
            {
                tail.Dequeue();
            }

            if (awaitedPrefix is not null && line.StartsWith(awaitedPrefix, StringComparison.Ordinal))
            {
                awaited?.TrySetResult(line);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}
