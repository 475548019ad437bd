namespace Octavo.ServingRuntime.Kernels.Cpu.Topology;

/// <summary>Files that the system makes up: containers hide some, and a processor that goes offline takes its own with it.</summary>
internal static class SystemFile
{
    /// <summary>Its text; null: there is none, or it may not be read. Whoever asks goes on with less knowledge.</summary>
    public static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
