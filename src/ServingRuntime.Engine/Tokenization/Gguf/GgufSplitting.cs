using System.Text.Json.Nodes;

namespace Octavo.ServingRuntime.Engine.Tokenization.Gguf;

/// <summary>
/// How byte-level vocabularies split text, which GGUF files name (tokenizer.ggml.pre; names: llama.cpp's llama-vocab.cpp) where tokenizer.json spells it out. Patterns are those of the models' own tokenizer.json.
/// </summary>
/// <param name="Patterns">Applied one after the other.</param>
internal sealed record GgufSplitting(params string[] Patterns)
{
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private const string Tail = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Llama3 = Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}" + Tail;
    private const string Qwen2 = Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + Tail;
    private const string Upper = @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";
    private const string Lower = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
    private const string CaseTail = @"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string O200k = $@"[^\r\n\p{{L}}\p{{N}}]?{Upper}*{Lower}+{Contractions}?|[^\r\n\p{{L}}\p{{N}}]?{Upper}+{Lower}*{Contractions}?|\p{{N}}{{1,3}}{CaseTail}";
    private const string Tekken = $@"[^\r\n\p{{L}}\p{{N}}]?{Upper}*{Lower}+|[^\r\n\p{{L}}\p{{N}}]?{Upper}+{Lower}*|\p{{N}}{CaseTail}";

    private static readonly Dictionary<string, GgufSplitting> Known = new(StringComparer.Ordinal)
    {
        // What llama.cpp does for files that are older than the key.
        ["default"] = new(@"[\p{P}\$\+<=>\^~\|]+", @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)", @"\p{N}+", "[0-9][0-9][0-9]"),
        ["gpt-2"] = new(Gpt2),
        ["phi-2"] = new(Gpt2),
        ["llama3"] = new(Llama3) { IgnoresMerges = true, AddsBos = true },
        ["llama-v3"] = new(Llama3) { IgnoresMerges = true, AddsBos = true },
        ["llama-bpe"] = new(Llama3) { IgnoresMerges = true, AddsBos = true },
        ["falcon3"] = new(Llama3) { IgnoresMerges = true, AddsBos = true },
        ["pixtral"] = new(Llama3) { IgnoresMerges = true, AddsBos = true },
        ["chatglm-bpe"] = new(Llama3),
        ["glm4"] = new(Llama3),
        ["qwen2"] = new(Qwen2) { Composes = true },
        ["deepseek-r1-qwen"] = new(Qwen2),
        ["stablelm2"] = new(Qwen2),
        ["hunyuan"] = new(Qwen2),
        ["megrez"] = new(Qwen2),
        ["smollm"] = new(@"\p{N}", Gpt2),
        ["starcoder"] = new(@"\p{N}", Gpt2),
        ["refact"] = new(@"\p{N}", Gpt2),
        ["command-r"] = new(@"\p{N}", Gpt2),
        ["codeshell"] = new(@"\p{N}", Gpt2),
        ["gpt-4o"] = new(O200k),
        ["llama4"] = new(O200k),
        ["tekken"] = new(Tekken) { IgnoresMerges = true, AddsBos = true },
    };

    /// <summary>Whether a piece that is a token as a whole is that token, whatever the merges say.</summary>
    public bool IgnoresMerges { get; private init; }

    /// <summary>Where the file does not say.</summary>
    public bool AddsBos { get; private init; }

    /// <summary>Whether characters are composed (NFC) before, where the file does not say.</summary>
    public bool Composes { get; private init; }

    /// <exception cref="TokenizerFormatException">A name that is not known.</exception>
    public static GgufSplitting Of(GgufVocabulary vocabulary) => Known.TryGetValue(vocabulary.Splitting, out var splitting)
        ? splitting
        : throw new TokenizerFormatException($"{vocabulary.Path}: tokenizer.ggml.pre '{vocabulary.Splitting}' is not supported ({string.Join(", ", Known.Keys)} are): put the model's tokenizer.json beside the file");

    /// <summary>As tokenizer.json has it.</summary>
    public JsonObject ToJson()
    {
        var parts = new JsonArray();
        foreach (var pattern in Patterns)
        {
            parts.Add(new JsonObject { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = pattern }, ["behavior"] = "Isolated", ["invert"] = false });
        }

        parts.Add(new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = false });
        return new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = parts };
    }
}
