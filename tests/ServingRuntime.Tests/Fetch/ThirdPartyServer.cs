using System.Diagnostics;
using System.Text.RegularExpressions;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Fetch;

/// <summary>A server that others wrote, on a port of its own choice on loopback.</summary>
internal sealed partial class ThirdPartyServer : IDisposable
{
    private readonly Process process;

    private ThirdPartyServer(Process process, int port)
    {
        this.process = process;
        Port = port;
    }

    public int Port { get; }

    /// <summary>The program on the path or among the tools of the checkout; null where it is not installed.</summary>
    public static string? Find(string name, string inTools) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name))
            .Append(Path.Combine(Repository.Root, ".tools", inTools)).FirstOrDefault(File.Exists);

    /// <summary>Starts it and waits for the line in which it says on which port it listens.</summary>
    public static async Task<ThirdPartyServer> StartAsync(string program, IReadOnlyList<string> arguments)
    {
        var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var port = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Read(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is not null && Listening().Match(line.Data) is { Success: true } match)
            {
                port.TrySetResult(int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture));
            }
        }

        process.OutputDataReceived += Read;
        process.ErrorDataReceived += Read;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new ThirdPartyServer(process, await port.Task.WaitAsync(TimeSpan.FromMinutes(2), TimeProvider.System));
    }

    public void Dispose()
    {
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
    }

    [GeneratedRegex("[Ll]istening on .*?:([0-9]+)", RegexOptions.None, 1000)]
    private static partial Regex Listening();
}
