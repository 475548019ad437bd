using System.Text;
using Octavo.LocalCluster.Node.Logs;

namespace Octavo.LocalCluster.Node.Pods;

/// <summary>What a container left to say: its termination message file, else the end of its log where the policy allows.</summary>
internal static class TerminationMessage
{
    private const int MaxFileBytes = 4096;
    private const int MaxLogBytes = 2048;
    private const int MaxLogLines = 80;

    public static string? Read(string? file, string? policy, int exitCode, ContainerLog log)
    {
        var message = ReadFile(file);
        if (message.Length == 0 && exitCode != 0 && policy == "FallbackToLogsOnError")
        {
            message = ContainerLogReader.Tail(log, MaxLogLines, MaxLogBytes);
        }

        return message.Length == 0 ? null : message;
    }

    private static string ReadFile(string? file)
    {
        if (file is null || !File.Exists(file))
        {
            return "";
        }

        using var stream = File.OpenRead(file);
        var bytes = new byte[MaxFileBytes];
        return Encoding.UTF8.GetString(bytes, 0, stream.ReadAtLeast(bytes, MaxFileBytes, throwOnEndOfStream: false));
    }
}
