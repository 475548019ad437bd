using System.Globalization;

namespace Octavo.LocalCluster.Node.Processes;

/// <summary>
/// Which container processes run, one file each in the state folder, so that a node that was killed can end after its restart what survived:
/// the main processes die with the node, but not what they started.
/// </summary>
internal sealed partial class ProcessLedger(string folder, ILogger logger)
{
    public void Add(int processId)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(FileOf(processId), StartTime(processId) ?? "");
    }

    public void Remove(int processId) => File.Delete(FileOf(processId));

    /// <summary>Kills what an earlier node left; a process id that now belongs to someone else is recognised by its start time.</summary>
    public void KillLeftovers()
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (var file in Directory.EnumerateFiles(folder))
        {
            if (int.TryParse(Path.GetFileName(file), NumberStyles.None, CultureInfo.InvariantCulture, out var processId))
            {
                KillLeftover(processId, File.ReadAllText(file));
            }

            File.Delete(file);
        }
    }

    /// <summary>Clock ticks since boot, from the 22nd field of /proc/PID/stat; null where the process is gone or there is no /proc.</summary>
    private static string? StartTime(int processId)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{processId}/stat");

            // The second field is the program's name in parentheses and may hold anything.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[19];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void KillLeftover(int processId, string startTime)
    {
        var now = StartTime(processId);
        if (now is not null && now != startTime)
        {
            return;
        }

        // The leader may be gone while its group lives; the group's id cannot be given to a new process before the group is empty.
        if (Libc.Kill(-processId, Libc.SigKill) == 0)
        {
            LogKilled(processId);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "killed process group {ProcessId}, left by an earlier run")]
    private partial void LogKilled(int processId);

    private string FileOf(int processId) => Path.Combine(folder, processId.ToString(CultureInfo.InvariantCulture));
}
