using System.Globalization;
using System.Text.RegularExpressions;
using Octavo.ServingRuntime.Engine.ModelLoader.Gguf;

namespace Octavo.ServingRuntime.Engine.ModelLoader;

/// <summary>
/// Where a model lies: a folder in Hugging Face's layout, a GGUF file, or a folder that holds one. Of a GGUF model in parts (name-00001-of-00003.gguf) any part names all.
/// </summary>
/// <param name="Folder">The checkpoint's, or the GGUF file's.</param>
/// <param name="GgufFiles">The file, or all parts in order; empty: no GGUF.</param>
public sealed partial record ModelLocation(string Folder, IReadOnlyList<string> GgufFiles)
{
    private const int MaxParts = 9999;

    public bool IsGguf => GgufFiles.Count > 0;

    /// <summary>Whether there is something at the path that may be a model.</summary>
    public static bool Exists(string path) => Directory.Exists(path) || (IsGgufName(path) && File.Exists(path));

    /// <exception cref="CheckpointException">Parts are missing, or a folder has several GGUF models and no other.</exception>
    public static ModelLocation Of(string path)
    {
        if (IsGgufName(path) && !Directory.Exists(path))
        {
            return new ModelLocation(Path.GetDirectoryName(Path.GetFullPath(path))!, PartsOf(path));
        }

        if (!Directory.Exists(path) || File.Exists(Path.Combine(path, "model.safetensors")) || File.Exists(Path.Combine(path, "model.safetensors.index.json")))
        {
            return new ModelLocation(path, []);
        }

        // Encoders of images lie beside their models and are none.
        var names = Directory.EnumerateFiles(path).Select(file => Path.GetFileName(file)).Where(IsGgufName).Where(name => !name.StartsWith("mmproj", StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal).ToList();
        var models = names.Select(ModelOf).Distinct(StringComparer.Ordinal).ToList();
        return models.Count switch
        {
            0 => new ModelLocation(path, []),
            1 => new ModelLocation(path, PartsOf(Path.Combine(path, names[0]))),
            _ => throw new CheckpointException($"{path} holds {models.Count} GGUF models ({string.Join(", ", names.Take(3))}{(names.Count > 3 ? "…" : "")}): name one of the files"),
        };
    }

    /// <summary>What all parts of a GGUF model have in common: name of name-00001-of-00003.gguf; of a file that is no part its own name.</summary>
    public static string ModelOf(string fileName) => Part(fileName)?.Groups[1].Value ?? fileName;

    private static bool IsGgufName(string path) => path.EndsWith(GgufFile.Suffix, StringComparison.OrdinalIgnoreCase);

    private static List<string> PartsOf(string path)
    {
        if (Part(Path.GetFileName(path)) is not { } part)
        {
            return [path];
        }

        var count = int.Parse(part.Groups[3].ValueSpan, CultureInfo.InvariantCulture);
        if (count is 0 or > MaxParts)
        {
            throw new CheckpointException($"{path}: {count} parts are not from 1 to {MaxParts}");
        }

        var folder = Path.GetDirectoryName(path) ?? "";
        var parts = Enumerable.Range(1, count).Select(i => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{part.Groups[1].Value}-{i:00000}-of-{count:00000}{part.Groups[4].Value}"))).ToList();
        var absent = parts.Where(file => !File.Exists(file)).ToList();
        return absent.Count == 0 ? parts : throw new CheckpointException($"{path} is one of {count} parts, of which {string.Join(", ", absent.Take(3).Select(Path.GetFileName))} {(absent.Count == 1 ? "is" : "are")} not there");
    }

    private static Match? Part(string name) => PartName().Match(name) is { Success: true } match ? match : null;

    [GeneratedRegex(@"^(.+)-(\d{5})-of-(\d{5})(\.gguf)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PartName();
}
