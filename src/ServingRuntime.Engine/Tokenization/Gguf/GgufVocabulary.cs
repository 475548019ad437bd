using Octavo.ServingRuntime.Engine.ModelLoader.Gguf;

namespace Octavo.ServingRuntime.Engine.Tokenization.Gguf;

/// <summary>What a GGUF file's metadata say about text (tokenizer.ggml.* and its neighbours): tokens, special ones among them, templates, suggested sampling.</summary>
internal sealed class GgufVocabulary
{
    /// <summary>Tokens that end an answer, by which llama.cpp knows them where a file's ids do not say.</summary>
    private static readonly string[] EndsOfAnswers = ["<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>", "<|eom_id|>", "<EOT>", "<end_of_utterance>"];

    private static readonly string[] Names = ["bos", "eos", "unk", "pad", "sep", "cls", "mask"];
    private readonly GgufMetadata metadata;

    public GgufVocabulary(GgufMetadata metadata)
    {
        this.metadata = metadata;
        Model = metadata.Text("tokenizer.ggml.model") ?? "none";
        Tokens = metadata.Texts("tokenizer.ggml.tokens") ?? [];
        if (Model == "none" || Tokens.Count == 0)
        {
            throw new TokenizerFormatException($"{metadata.Path} holds no tokenizer (tokenizer.ggml.model, tokenizer.ggml.tokens), and no tokenizer.json lies beside it");
        }

        var types = metadata.Numbers("tokenizer.ggml.token_type");
        if (types is not null && types.Count != Tokens.Count)
        {
            throw new TokenizerFormatException($"{metadata.Path}: {types.Count} of tokenizer.ggml.token_type for {Tokens.Count} tokens");
        }

        Types = types is null ? [.. Tokens.Select(_ => GgufTokenType.Normal)] : [.. types.Select(type => (GgufTokenType)(int)type)];
    }

    public string Path => metadata.Path;

    /// <summary>tokenizer.ggml.model.</summary>
    public string Model { get; }

    /// <summary>How text is split before merging; of gpt2's kind only.</summary>
    public string Splitting => metadata.Text("tokenizer.ggml.pre") ?? "default";

    /// <summary>By id.</summary>
    public IReadOnlyList<string> Tokens { get; }

    /// <summary>By id.</summary>
    public IReadOnlyList<GgufTokenType> Types { get; }

    public IReadOnlyList<string> Merges => metadata.Texts("tokenizer.ggml.merges") ?? [];

    /// <summary>By id; empty: there are none.</summary>
    public IReadOnlyList<double> Scores
    {
        get
        {
            var scores = metadata.Numbers("tokenizer.ggml.scores") ?? [];
            return scores.Count == 0 || scores.Count == Tokens.Count ? scores : throw new TokenizerFormatException($"{Path}: {scores.Count} of tokenizer.ggml.scores for {Tokens.Count} tokens");
        }
    }

    public string? ChatTemplate => metadata.Text("tokenizer.chat_template");

    public string? ToolUseTemplate => metadata.Text("tokenizer.chat_template.tool_use");

    /// <summary>bos_token and the like, as templates know them.</summary>
    public IReadOnlyDictionary<string, string> SpecialTokens =>
        Names.Select(name => (Name: name + "_token", Id: Id(name))).Where(special => special.Id is not null).ToDictionary(special => special.Name, special => Tokens[special.Id!.Value], StringComparer.Ordinal);

    public IEnumerable<int> EosTokenIds => new[] { Id("eos"), Id("eot"), Id("eom") }.OfType<int>()
        .Concat(Enumerable.Range(0, Tokens.Count).Where(id => Types[id] is GgufTokenType.Control or GgufTokenType.UserDefined && EndsOfAnswers.Contains(Tokens[id], StringComparer.Ordinal)));

    public GenerationDefaults Defaults => new()
    {
        Temperature = Sampling("temp"), TopP = Sampling("top_p"), MinP = Sampling("min_p"), RepetitionPenalty = Sampling("penalty_repeat"), TopK = (int?)Sampling("top_k"),
    };

    /// <summary>Whether model files of Phi 3 are meant, whose special tokens swallow the white space behind them: the format cannot say so, llama.cpp tells it by the name.</summary>
    public bool IsPhi3 => metadata.Text("general.name") is { } name && (name.Contains("phi-3", StringComparison.OrdinalIgnoreCase) || name.Contains("phi3", StringComparison.OrdinalIgnoreCase));

    public bool? Flag(string name) => metadata.Flag("tokenizer.ggml." + name);

    /// <summary>A special token's id; null where the file names none.</summary>
    public int? Id(string name)
    {
        var key = $"tokenizer.ggml.{name switch { "unk" => "unknown", "pad" => "padding", "sep" => "seperator", _ => name }}_token_id";
        return metadata.Integer(key) switch
        {
            null or uint.MaxValue or -1 => null,
            >= 0 and var id when id < Tokens.Count => (int)id,
            var id => throw new TokenizerFormatException($"{Path}: {key} is {id}, but there are {Tokens.Count} tokens"),
        };
    }

    private float? Sampling(string name) => (float?)metadata.Number("general.sampling." + name);
}

/// <summary>Kinds of tokens, numbered as SentencePiece numbers them.</summary>
internal enum GgufTokenType
{
    Undefined = 0,
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}
