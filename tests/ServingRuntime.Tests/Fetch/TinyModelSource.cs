using System.Security.Cryptography;
using System.Text;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.Fetch;

/// <summary>What a fetch of the model that ships is to bring, computed without the code under test.</summary>
internal static class TinyModelSource
{
    /// <summary>The files that a checkpoint needs, of those in the folder, sorted.</summary>
    public static IReadOnlyList<string> Files { get; } = ["config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];

    public static string ManifestDigest { get; } = DigestOf(Files.Select(f => $"{Sha256(f)}  {f}\n"));

    public static long TotalBytes => Files.Sum(f => new FileInfo(Path.Combine(Repository.TinyModel, f)).Length);

    public static byte[] Weights => File.ReadAllBytes(Path.Combine(Repository.TinyModel, "model.safetensors"));

    public static string Sha256(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(Repository.TinyModel, file))));

    private static string DigestOf(IEnumerable<string> lines) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines))));
}
