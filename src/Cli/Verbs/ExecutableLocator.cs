namespace Octavo.Cli.Verbs;

/// <summary>Finds the other executables, which are installed beside this one.</summary>
internal static class ExecutableLocator
{
    public static string Find(string name) => Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? name + ".exe" : name);
}
