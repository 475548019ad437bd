using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.ServingRuntime.Engine.Tokenization.Jinja;
using Octavo.ServingRuntime.Kernels;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.ModelLoader;

/// <summary>
/// Checkpoints are strangers' files: whatever is in them, loading succeeds or says what is wrong by the exceptions made for it. Short and seeded here;
/// OCTAVO_FUZZ_SECONDS makes it longer, OCTAVO_FUZZ_SEED another run (make fuzz-loaders).
/// </summary>
public sealed class LoaderFuzzTests : IDisposable
{
    private const int Cases = 250;
    private const long MostAllocatedBytes = 256L << 20;

    private readonly string folder = Directory.CreateTempSubdirectory("octavo-fuzz-loaders").FullName;

    private static int? Seconds => int.TryParse(Environment.GetEnvironmentVariable("OCTAVO_FUZZ_SECONDS"), CultureInfo.InvariantCulture, out var seconds) ? seconds : null;

    private static int Seed => int.TryParse(Environment.GetEnvironmentVariable("OCTAVO_FUZZ_SEED"), CultureInfo.InvariantCulture, out var seed) ? seed : 1;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Open_MutatedSafetensors_LoadsOrSaysWhatIsWrong()
    {
        const string Header = """{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"b":{"dtype":"BF16","shape":[0],"data_offsets":[16,16]},"c":{"dtype":"F16","shape":[4],"data_offsets":[16,24]}}""";
        var path = Path.Combine(folder, "model.safetensors");
        Run(random =>
        {
            var header = Encoding.UTF8.GetBytes(JsonMutations.Mutate(Header, random));
            byte[] bytes = [.. BitConverter.GetBytes((ulong)header.Length), .. header, .. new byte[24]];
            if (random.Next(3) == 0)
            {
                bytes[random.Next(8)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(path, random.Next(4) == 0 ? bytes[..random.Next(bytes.Length + 1)] : bytes);
            using var checkpoint = Checkpoint.Open(folder);
            foreach (var name in checkpoint.Names)
            {
                checkpoint.Tensor(name).ToFloat32();
            }
        });
    }

    [Fact]
    public void Open_MutatedIndex_LoadsOrSaysWhatIsWrong()
    {
        const string Index = """{"metadata":{"total_size":8},"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}""";
        foreach (var (name, tensor) in (ReadOnlySpan<(string, string)>)[("one", "a"), ("two", "b")])
        {
            var header = Encoding.UTF8.GetBytes($$$"""{"{{{tensor}}}":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""");
            File.WriteAllBytes(Path.Combine(folder, name + ".safetensors"), [.. BitConverter.GetBytes((ulong)header.Length), .. header, 0, 0, 128, 63]);
        }

        File.WriteAllText(Path.Combine(folder, "..", Path.GetFileName(folder) + ".outside.safetensors"), "outside");
        Run(random =>
        {
            File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), JsonMutations.Mutate(Index, random, "../x", "/etc/passwd", "..", ".", "one.safetensors\0", "two.safetensors", "a/b", $"../{Path.GetFileName(folder)}.outside.safetensors"));
            using var checkpoint = Checkpoint.Open(folder);
            foreach (var name in checkpoint.Names)
            {
                checkpoint.Tensor(name).ToFloat32();
            }
        });
        File.Delete(Path.Combine(folder, "..", Path.GetFileName(folder) + ".outside.safetensors"));
    }

    [Theory]
    [InlineData("LlamaForCausalLM")]
    [InlineData("MistralForCausalLM")]
    [InlineData("MixtralForCausalLM")]
    [InlineData("Qwen2ForCausalLM")]
    [InlineData("Qwen3MoeForCausalLM")]
    [InlineData("Phi3ForCausalLM")]
    [InlineData("Gemma2ForCausalLM")]
    [InlineData("Gemma3ForCausalLM")]
    [InlineData("Glm4ForCausalLM")]
    [InlineData("ChatGLMModel")]
    public void Create_MutatedConfig_LoadsOrSaysWhatIsWrong(string architecture)
    {
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.TinyModel, "config.json")))!.AsObject();
        config["architectures"] = new JsonArray(architecture);
        config["quantization_config"] = JsonNode.Parse("""{"quant_method":"awq","bits":4,"group_size":64,"version":"gemm","zero_point":true,"modules_to_not_convert":["lm_head"]}""");
        config["rope_scaling"] = JsonNode.Parse("""{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":64,"short_factor":[1.0],"long_factor":[2.0]}""");
        config["sliding_window"] = 64;
        config["layer_types"] = new JsonArray("full_attention", "sliding_attention");
        config["num_experts"] = 4;
        config["num_local_experts"] = 4;
        config["num_experts_per_tok"] = 2;
        config["moe_intermediate_size"] = 64;
        config["mlp_only_layers"] = new JsonArray(0);
        config["eos_token_id"] = new JsonArray(2, 3);
        foreach (var field in (ReadOnlySpan<string>)["num_layers", "padded_vocab_size", "ffn_hidden_size", "kv_channels", "multi_query_group_num", "seq_length"])
        {
            config[field] = 2;
        }

        var text = config.ToJsonString();
        File.Copy(Path.Combine(Repository.TinyModel, "model.safetensors"), Path.Combine(folder, "model.safetensors"));
        using var backend = new CpuBackend(1);
        Run(random =>
        {
            File.WriteAllText(Path.Combine(folder, "config.json"), JsonMutations.Mutate(text, random, "awq", "gptq", "fp8", "yarn", "longrope", "dynamic", "linear", "LlamaForCausalLM", "bfloat16", "gelu"));
            ModelTokenizer.LoadWithoutTokenizer(folder, 100);
            var read = ModelConfig.Load(folder);
            using var checkpoint = Checkpoint.Open(folder);
            using var model = ModelRegistry.Create(read, new WeightLoader(checkpoint, backend, DType.Float32, read.Quantization), Math.Min(read.LongestModelLen, 64));
        });
    }

    [Fact]
    public void Load_MutatedTokenizerAndGenerationConfig_LoadsOrSaysWhatIsWrong()
    {
        const string Generation = """{"eos_token_id":[2,3],"temperature":0.6,"top_p":0.9,"top_k":20,"min_p":0.0,"do_sample":true,"repetition_penalty":1.05,"max_new_tokens":2048}""";
        const string Config = """{"bos_token":{"content":"<s>","lstrip":false},"eos_token":"</s>","chat_template":[{"name":"default","template":"{{ messages }}"},{"name":"tool_use","template":"{% if tools %}{{ tools }}{% endif %}"}],"model_max_length":1e30}""";
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), """{"version":"1.0","model":{"type":"BPE","vocab":{"a":0,"b":1,"</s>":2},"merges":[]},"added_tokens":[{"id":2,"content":"</s>","special":true}]}""");
        Run(random =>
        {
            File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), JsonMutations.Mutate(Config, random, "{% for", "{{ 1 +", "{% include 'x' %}", new string('(', 5000)));
            File.WriteAllText(Path.Combine(folder, "generation_config.json"), random.Next(2) == 0 ? Generation : JsonMutations.Mutate(Generation, random));
            ModelTokenizer.Load(folder, new TemplateLimits(), TimeProvider.System);
        });
    }

    private void Run(Action<Random> load)
    {
        var clock = Stopwatch.StartNew();
        var (loaded, refused) = (0, 0);
        var failures = new List<string>();
        for (var i = 0; Seconds is { } seconds ? clock.Elapsed.TotalSeconds < seconds : i < Cases; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                load(new Random(unchecked((Seed * 486_187_739) + i)));
                loaded++;
            }
            catch (Exception e) when (e is CheckpointException or TokenizerFormatException or TemplateException)
            {
                refused++;
            }
            catch (Exception e)
            {
                failures.Add($"case {i}: {e.GetType().Name}: {e.Message}\n{string.Join('\n', (e.StackTrace ?? "").Split('\n').Take(4))}\n{Shown("config.json")}{Shown("model.safetensors.index.json")}{Shown("tokenizer_config.json")}{Shown("generation_config.json")}");
            }

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (allocated > MostAllocatedBytes)
            {
                failures.Add($"case {i}: {allocated >> 20} MiB allocated\n{Shown("config.json")}");
            }
        }

        Assert.True(failures.Count == 0, $"{failures.Count} of {loaded + refused + failures.Count}\n{string.Join("\n\n", failures.DistinctBy(f => f.Split('\n')[1]).Take(8))}");
        (loaded + refused).Should().BeGreaterThan(0);
        refused.Should().BeGreaterThan(0, "most of it is to be wrong");
    }

    private string Shown(string file) => Path.Combine(folder, file) is var path && File.Exists(path) ? $"{file}: {File.ReadAllText(path)[..(int)Math.Min(1500, new FileInfo(path).Length / 4)]}\n" : "";
}
