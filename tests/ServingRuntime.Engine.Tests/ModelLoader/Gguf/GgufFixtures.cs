using System.Text.Json;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Engine.ModelLoader.Gguf;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.ServingRuntime.Engine.Tokenization.Jinja;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.ModelLoader.Gguf;

/// <summary>Small random models in GGUF files that llama.cpp's converter wrote, with what transformers computes (Fixtures/gguf/make_fixtures.py).</summary>
internal static class GgufFixtures
{
    private static readonly string Folder = System.IO.Path.Combine(Repository.Root, "tests", "ServingRuntime.Engine.Tests", "Fixtures", "gguf");

    public static JsonDocument Golden() => JsonDocument.Parse(File.ReadAllBytes(System.IO.Path.Combine(Folder, "golden.json")));

    public static string Path(string name) => System.IO.Path.Combine(Folder, name);

    /// <summary>A small model with all that a file has: both kinds of tensors, a vocabulary, a template.</summary>
    public static byte[] Complete() => CompleteBuilder().Build();

    /// <inheritdoc cref="Complete"/>
    public static GgufBuilder CompleteBuilder()
    {
        string[] tokens = ["<unk>", "<s>", "</s>", "▁", "a", "b", "▁a", "ab", "<0x0A>"];
        var builder = new GgufBuilder().Text("general.architecture", "llama").Text("general.type", "model").Integer("general.quantization_version", 2)
            .Integer("llama.block_count", 1).Integer("llama.context_length", 64).Integer("llama.embedding_length", 32).Integer("llama.feed_forward_length", 32)
            .Integer("llama.attention.head_count", 2).Integer("llama.attention.head_count_kv", 1).Number("llama.attention.layer_norm_rms_epsilon", 1e-5f)
            .Number("llama.rope.freq_base", 10000).Text("llama.rope.scaling.type", "linear").Number("llama.rope.scaling.factor", 2)
            .Text("tokenizer.ggml.model", "llama").Texts("tokenizer.ggml.tokens", tokens).Numbers("tokenizer.ggml.scores", [.. tokens.Select((_, id) => (float)-id)])
            .Integers("tokenizer.ggml.token_type", [2, 3, 3, 1, 1, 1, 1, 1, 6]).Integer("tokenizer.ggml.bos_token_id", 1).Integer("tokenizer.ggml.eos_token_id", 2).Flag("tokenizer.ggml.add_bos_token", true)
            .Text("tokenizer.chat_template", "{% for message in messages %}{{ message.content }}{% endfor %}");
        builder = builder.Tensor("token_embd.weight", 8, [32, (ulong)tokens.Length], new byte[tokens.Length * 34]).Floats("output_norm.weight", [32], new float[32]).Floats("rope_freqs.weight", [8], 1, 1, 1, 1, 1, 1, 2, 2);
        foreach (var (name, rows) in new (string, ulong)[] { ("attn_q", 32), ("attn_k", 16), ("attn_v", 16), ("attn_output", 32), ("ffn_gate", 32), ("ffn_up", 32), ("ffn_down", 32) })
        {
            builder = builder.Tensor($"blk.0.{name}.weight", name == "attn_k" ? 1u : 2u, [32, rows], new byte[(int)rows * (name == "attn_k" ? 64 : 18)]);
        }

        return builder.Floats("blk.0.attn_norm.weight", [32], new float[32]).Floats("blk.0.ffn_norm.weight", [32], new float[32]);
    }

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

        ModelTokenizer.Load(path, new TemplateLimits(), TimeProvider.System);
    }

    private sealed class TemporaryFile : IDisposable
    {
        public TemporaryFile(byte[] content) => File.WriteAllBytes(Path, content);

        public string Path { get; } = System.IO.Path.GetTempFileName();

        public void Dispose() => File.Delete(Path);
    }
}
