using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Node.Volumes;

/// <summary>Which files a ConfigMap or Secret volume has. Pure.</summary>
internal static class VolumeFiles
{
    /// <summary>All keys, or those of <paramref name="items"/> under their paths; a missing key is an error unless the source is optional.</summary>
    public static IReadOnlyDictionary<string, byte[]> Select(string source, IReadOnlyDictionary<string, byte[]> data, IReadOnlyList<V1KeyToPath>? items, bool optional)
    {
        if (items is not { Count: > 0 })
        {
            return data;
        }

        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var item in items)
        {
            if (data.TryGetValue(item.Key, out var content))
            {
                files[item.Path] = content;
            }
            else if (!optional)
            {
                throw new VolumeException($"{source} references non-existent key: {item.Key}");
            }
        }

        return files;
    }

    /// <summary>Writes the files, each by replacement; a path that leaves the folder is refused.</summary>
    public static void Write(string folder, IReadOnlyDictionary<string, byte[]> files)
    {
        Directory.CreateDirectory(folder);
        var root = Path.GetFullPath(folder) + Path.DirectorySeparatorChar;
        foreach (var (path, content) in files)
        {
            var full = Path.GetFullPath(path, folder);
            if (!full.StartsWith(root, StringComparison.Ordinal))
            {
                throw new VolumeException($"path \"{path}\" leaves the volume");
            }

            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            var temporary = full + ".new";
            File.WriteAllBytes(temporary, content);
            File.Move(temporary, full, overwrite: true);
        }
    }
}
