using Octavo.TestSupport;

namespace Octavo.Architecture.Tests;

/// <summary>The checkout's own files, without build output.</summary>
internal static class SourceTree
{
    private static readonly string[] Skipped = ["bin", "obj", "artifacts", ".git", ".octavo", ".tools", "node_modules", "TestResults"];

    public static IReadOnlyList<string> Files(string folder, string pattern) =>
        [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), pattern, SearchOption.AllDirectories).Where(IsSource).Order(StringComparer.Ordinal)];

    public static string Relative(string file) => Path.GetRelativePath(Repository.Root, file);

    private static bool IsSource(string file) => !Relative(file).Split(Path.DirectorySeparatorChar).Any(Skipped.Contains);
}
