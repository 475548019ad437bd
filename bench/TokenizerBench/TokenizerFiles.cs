using System.IO.Compression;
using Octavo.ServingRuntime.Engine.Tokenization;

namespace Octavo.TokenizerBench;

/// <summary>The tokenizers that are compared: the model's that ships, and those of the reference data where they are at hand.</summary>
public static class TokenizerFiles
{
    /// <param name="root">The repository.</param>
    /// <param name="golden">The folder with the reference data; null: OCTAVO_GOLDEN.</param>
    public static List<string> Find(string root, string? golden)
    {
        var files = new List<string> { Path.Combine(root, "models", "octavo-tiny", "tokenizer.json") };
        golden ??= Environment.GetEnvironmentVariable("OCTAVO_GOLDEN");
        var folder = golden is null ? null : Path.Combine(golden, "tokenizers");
        if (folder is null || !Directory.Exists(folder))
        {
            Console.WriteLine("skipped: the tokenizers of the reference data (set OCTAVO_GOLDEN)");
            return files;
        }

        files.AddRange(Directory.EnumerateFiles(folder, "tokenizer.json.gz", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
        return files;
    }

    public static Tokenizer Load(string file)
    {
        using Stream stream = file.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(File.OpenRead(file), CompressionMode.Decompress) : File.OpenRead(file);
        return Tokenizer.Load(stream);
    }
}
