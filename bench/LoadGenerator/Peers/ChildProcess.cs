using System.Diagnostics;
using System.Text;

namespace Octavo.LoadGenerator.Peers;

/// <summary>Programs that are measured: each runs to its end, or as a server until it is disposed.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int LastLines = 15;
    private readonly Process process;
    private readonly StringBuilder errors = new();

    private ChildProcess(string program, IEnumerable<string> arguments, bool capture)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        process = new Process { StartInfo = start };
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        if (!capture)
        {
            process.OutputDataReceived += (_, line) => Keep(line.Data);
        }

        process.Start();
        process.BeginErrorReadLine();
        if (!capture)
        {
            process.BeginOutputReadLine();
        }
    }

    /// <summary>Starts a server.</summary>
    public static ChildProcess Start(string program, IEnumerable<string> arguments) => new(program, arguments, capture: false);

    /// <returns>Standard output.</returns>
    /// <exception cref="PeerException">It failed; the message has the last lines of its error output.</exception>
    public static async Task<string> RunAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        await using var child = new ChildProcess(program, arguments, capture: true);
        var output = await child.process.StandardOutput.ReadToEndAsync(cancellationToken);
        await child.process.WaitForExitAsync(cancellationToken);
        return child.process.ExitCode == 0 ? output : throw new PeerException($"{program} {string.Join(' ', arguments)} ended with {child.process.ExitCode}:\n{child.LastErrors}");
    }

    public bool HasEnded => process.HasExited;

    /// <summary>The last lines of what it wrote to its error output (a server: to either).</summary>
    public string LastErrors
    {
        get
        {
            lock (errors)
            {
                return string.Join('\n', errors.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(LastLines));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);

            // Killed: it ends at once, and the next server needs its memory and cores.
            await process.WaitForExitAsync(CancellationToken.None);
        }

        process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            lock (errors)
            {
                errors.Append(line).Append('\n');
            }
        }
    }
}
