using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch.Checkpoints;

namespace Octavo.ServingRuntime.Fetch.Archives;

/// <summary>Where in extracted archives the model lies: at their top, or in one folder (an image has it in /models, a tar often in its own name).</summary>
internal static class ModelRoot
{
    /// <summary>The model's folder relative to <paramref name="folder"/>; "" for itself.</summary>
    /// <exception cref="FetchException">There is no model or more than one.</exception>
    public static string Find(string folder, string source)
    {
        var paths = ModelManifest.PathsOf(folder);
        var candidates = paths.Where(p => Path.GetFileName(p) == CheckpointFiles.Config).Select(p => p[..^CheckpointFiles.Config.Length].TrimEnd('/'))
            .Where(root => paths.Any(p => IsWeights(p) && (root.Length == 0 ? !p.Contains('/', StringComparison.Ordinal) : p.StartsWith(root + "/", StringComparison.Ordinal) && !p[(root.Length + 1)..].Contains('/', StringComparison.Ordinal))))
            .ToList();
        if (candidates.Count == 0)
        {
            // A GGUF file needs no configuration beside it.
            candidates = [.. paths.Where(p => p.EndsWith(CheckpointFiles.GgufSuffix, StringComparison.OrdinalIgnoreCase)).Select(p => p[..(p.Length - Path.GetFileName(p).Length)].TrimEnd('/')).Distinct(StringComparer.Ordinal)];
        }

        return candidates switch
        {
            [var only] => only,
            [] => throw new FetchException(FetchExitCode.InvalidModel, $"{source} holds no folder with {CheckpointFiles.Config} and safetensors weights, and none with a GGUF file."),
            _ => throw new FetchException(FetchExitCode.InvalidModel, $"{source} holds more than one model: in {string.Join(", ", candidates.Select(c => "/" + c).Take(5))}."),
        };
    }

    /// <summary>Makes the model's folder the top; all else goes.</summary>
    public static void MoveToTop(string folder, string root)
    {
        if (root.Length == 0)
        {
            return;
        }

        var aside = folder + ".root";
        if (Directory.Exists(aside))
        {
            // Of a run that was killed here.
            Directory.Delete(aside, recursive: true);
        }

        Directory.Move(Path.Combine(folder, root), aside);
        foreach (var directory in Directory.GetDirectories(folder))
        {
            Directory.Delete(directory, recursive: true);
        }

        foreach (var file in ModelManifest.PathsOf(folder))
        {
            File.Delete(Path.Combine(folder, file));
        }

        foreach (var entry in Directory.GetFileSystemEntries(aside))
        {
            Directory.Move(entry, Path.Combine(folder, Path.GetFileName(entry)));
        }

        Directory.Delete(aside);
    }

    private static bool IsWeights(string path) => path.EndsWith(".safetensors", StringComparison.Ordinal) || path.EndsWith(CheckpointFiles.GgufSuffix, StringComparison.Ordinal);
}
