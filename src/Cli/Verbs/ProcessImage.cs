using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Octavo.Cli.Verbs;

/// <summary>Becomes another program.</summary>
internal static partial class ProcessImage
{
    /// <summary>Does not return where execv(3) works; otherwise runs the program as a child and returns its exit code.</summary>
    public static int Replace(string path, IReadOnlyList<string> arguments)
    {
        if (!File.Exists(path))
        {
            Console.Error.WriteLine($"octavo: {path} is missing; `make build` puts all executables into one folder.");
            return ExitCode.NotFound;
        }

        if (!OperatingSystem.IsWindows())
        {
            // argv ends with a null pointer.
            string?[] argv = [path, .. arguments, null];
            _ = Execv(path, argv);
            Console.Error.WriteLine($"octavo: cannot run {path}: error {Marshal.GetLastPInvokeError()}");
            return ExitCode.Failure;
        }

        var start = new ProcessStartInfo(path) { UseShellExecute = false };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{path} did not start");
        process.WaitForExit();
        return process.ExitCode;
    }

    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execv(string path, string?[] argv);
}
