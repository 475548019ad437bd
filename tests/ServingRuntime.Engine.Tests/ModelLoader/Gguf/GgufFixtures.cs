using System.Text.Json;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Engine.ModelLoader.Gguf;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.ModelLoader.Gguf;

/// <summary>Small random models in GGUF files that llama.cpp's converter wrote, with what transformers computes (Fixtures/gguf/make_fixtures.py).</summary>
internal static class GgufFixtures
{
    private static readonly string Folder = System.IO.Path.Combine(Repository.Root, "tests", "ServingRuntime.Engine.Tests", "Fixtures", "gguf");

    public static JsonDocument Golden() => JsonDocument.Parse(File.ReadAllBytes(System.IO.Path.Combine(Folder, "golden.json")));

    public static string Path(string name) => System.IO.Path.Combine(Folder, name);

    /// <summary>Where a file's tensors begin.</summary>
    public static long DataStart(byte[] file)
    {
        using var folder = new TemporaryFile(file);
        using var gguf = GgufFile.Open(folder.Path);
        return gguf.Tensors.Values.Min(tensor => tensor.Offset);
    }

    /// <summary>All that a server reads of a file, but for the products.</summary>
    public static void LoadAll(string path)
    {
        ModelConfig.Load(path);
        using var checkpoint = Checkpoint.Open(path);
        foreach (var name in checkpoint.Names)
        {
            if (checkpoint.IsQuantized(name))
            {
                checkpoint.Quantized(name);
            }
            else
            {
                checkpoint.Release(checkpoint.Tensor(name));
            }
        }
    }

    private sealed class TemporaryFile : IDisposable
    {
        public TemporaryFile(byte[] content) => File.WriteAllBytes(Path, content);

        public string Path { get; } = System.IO.Path.GetTempFileName();

        public void Dispose() => File.Delete(Path);
    }
}
