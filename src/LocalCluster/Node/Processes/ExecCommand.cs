using System.Diagnostics;
using System.Text;

namespace Octavo.LocalCluster.Node.Processes;

/// <summary>Runs a short command to its end: exec probes and hooks.</summary>
internal static class ExecCommand
{
    private const int MaxOutputCharacters = 10 * 1024;

    /// <summary>Exit code and output; throws <see cref="TimeoutException"/> after killing the command and its children.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(ProcessStarter starter, ProcessSpecification specification, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        var info = new ProcessStartInfo(specification.FileName, specification.Arguments)
        {
            WorkingDirectory = specification.WorkingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment.Clear();
        foreach (var (name, value) in specification.Environment)
        {
            info.Environment[name] = value;
        }

        using var process = await starter.StartAsync(info).ConfigureAwait(false);
        process.StandardInput.Close();
        var output = new StringBuilder();
        process.OutputDataReceived += Collect;
        process.ErrorDataReceived += Collect;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await process.WaitForExitAsync(cancellationToken).WaitAsync(timeout, time, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        lock (output)
        {
            return (process.ExitCode, output.ToString().TrimEnd());
        }

        void Collect(object sender, DataReceivedEventArgs data)
        {
            lock (output)
            {
                if (data.Data is { } line && output.Length < MaxOutputCharacters)
                {
                    output.Append(line).Append('\n');
                }
            }
        }
    }
}
