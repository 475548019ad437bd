using System.Diagnostics;
using Octavo.TestSupport;

namespace Octavo.Installation.Tests.Manifests;

/// <summary>A program of this machine or of the checkout's .tools; tests that need one which is not there skip.</summary>
internal static class ExternalTool
{
    /// <summary>Skips the test where the program cannot be found.</summary>
    public static string Require(string name)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name))
            .Append(Path.Combine(Repository.Root, ".tools", "usr", "bin", name)).FirstOrDefault(File.Exists);
        Skip.If(path is null, $"{name} is not installed");
        return path!;
    }

    /// <summary>Standard output; the test fails where the program does.</summary>
    public static async Task<string> RunAsync(string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Repository.Root };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(4), TimeProvider.System);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            var error = process.StandardError.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
            process.ExitCode.Should().Be(0, $"{program} {string.Join(' ', arguments)} printed {await output}{await error}");
            return await output;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
