using System.Text.Json;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Engine.ModelLoader.Gguf;
using Octavo.ServingRuntime.Engine.Tokenization.Gguf;
using Octavo.ServingRuntime.Engine.Tokenization.Jinja;

namespace Octavo.ServingRuntime.Engine.Tokenization;

/// <summary>What a checkpoint says about text: its tokenizer, chat template, stop tokens and suggested sampling.</summary>
public sealed record ModelTokenizer
{
    public required Tokenizer Tokenizer { get; init; }

    /// <summary>Null where the checkpoint brings none: chat is refused then.</summary>
    public ChatTemplate? ChatTemplate { get; init; }

    /// <summary>The template named "tool_use", which transformers takes for conversations with tools; null where there is none.</summary>
    public ChatTemplate? ToolUseTemplate { get; init; }

    /// <summary>Tokens that end an answer: those of config.json, generation_config.json and the tokenizer together.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];

    public GenerationDefaults Defaults { get; init; } = new();

    /// <summary>Reads tokenizer.json, and where present tokenizer_config.json, chat_template.jinja, config.json and generation_config.json.</summary>
    /// <param name="folder">The checkpoint; or a GGUF file, whose metadata say what files beside it do not.</param>
    /// <param name="limits">Limits of one rendering.</param>
    /// <param name="timeProvider">Clock of the template.</param>
    /// <param name="chatTemplatePath">A template to use instead of the checkpoint's.</param>
    /// <exception cref="TokenizerFormatException">A file is malformed, or tokenizer.json is missing.</exception>
    /// <exception cref="TemplateException">The chat template is malformed.</exception>
    public static ModelTokenizer Load(string folder, TemplateLimits limits, TimeProvider timeProvider, string? chatTemplatePath = null)
    {
        try
        {
            return Read(folder, limits, timeProvider, chatTemplatePath);
        }
        catch (CheckpointException e)
        {
            throw new TokenizerFormatException(e.Message, e);
        }
    }

    private static ModelTokenizer Read(string folder, TemplateLimits limits, TimeProvider timeProvider, string? chatTemplatePath)
    {
        var location = ModelLocation.Of(folder);
        using var gguf = location.IsGguf ? GgufModel.Open(location.GgufFiles) : null;
        folder = location.Folder;
        var path = Path.Combine(folder, "tokenizer.json");
        var vocabulary = gguf is null || (File.Exists(path) && !gguf.Metadata.Has("tokenizer.ggml.tokens")) ? null : new GgufVocabulary(gguf.Metadata);
        if (!File.Exists(path) && vocabulary is null)
        {
            throw new TokenizerFormatException($"{path} does not exist; --skip-tokenizer-init serves token ids without a tokenizer");
        }

        // A GGUF file says less of its tokenizer than the original does.
        var tokenizer = File.Exists(path) ? Tokenizer.Load(path) : GgufTokenizerReader.Read(vocabulary!);
        using var tokenizerConfig = ReadJson(folder, "tokenizer_config.json");
        using var config = ReadJson(folder, "config.json");
        using var generationConfig = ReadJson(folder, "generation_config.json");
        var special = SpecialTokens(tokenizerConfig?.RootElement);
        foreach (var (name, token) in vocabulary?.SpecialTokens ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            special.TryAdd(name, token);
        }

        var source = chatTemplatePath is not null ? File.ReadAllText(chatTemplatePath) : TemplateSource(folder, tokenizerConfig?.RootElement) ?? vocabulary?.ChatTemplate;
        var toolUse = chatTemplatePath is not null ? null : ToolUseSource(folder, tokenizerConfig?.RootElement) ?? vocabulary?.ToolUseTemplate;
        var eos = new SortedSet<int>(vocabulary?.EosTokenIds ?? []);
        AddIds(eos, config?.RootElement, "eos_token_id");
        AddIds(eos, generationConfig?.RootElement, "eos_token_id");
        if (special.TryGetValue("eos_token", out var eosToken) && tokenizer.TokenToId(eosToken) is { } id)
        {
            eos.Add(id);
        }

        return new ModelTokenizer
        {
            Tokenizer = tokenizer,
            ChatTemplate = source is null ? null : new ChatTemplate(source, special, limits, timeProvider),
            ToolUseTemplate = toolUse is null ? null : new ChatTemplate(toolUse, special, limits, timeProvider),
            EosTokenIds = [.. eos],
            Defaults = generationConfig is null && vocabulary is not null ? vocabulary.Defaults : ReadDefaults(generationConfig?.RootElement),
        };
    }

    /// <summary>Reads what config.json and generation_config.json say, for a model that is served by token ids alone: neither a tokenizer nor a template.</summary>
    /// <param name="folder">The checkpoint.</param>
    /// <param name="vocabSize">Of the model.</param>
    /// <exception cref="TokenizerFormatException">A file is malformed.</exception>
    public static ModelTokenizer LoadWithoutTokenizer(string folder, int vocabSize)
    {
        var location = ModelLocation.Of(folder);
        using var gguf = location.IsGguf ? GgufModel.Open(location.GgufFiles) : null;
        var vocabulary = gguf?.Metadata.Has("tokenizer.ggml.tokens") == true ? new GgufVocabulary(gguf.Metadata) : null;
        using var config = ReadJson(location.Folder, "config.json");
        using var generationConfig = ReadJson(location.Folder, "generation_config.json");
        var eos = new SortedSet<int>(vocabulary?.EosTokenIds ?? []);
        AddIds(eos, config?.RootElement, "eos_token_id");
        AddIds(eos, generationConfig?.RootElement, "eos_token_id");
        return new ModelTokenizer { Tokenizer = Tokenizer.WithoutVocabulary(vocabSize), EosTokenIds = [.. eos], Defaults = ReadDefaults(generationConfig?.RootElement) };
    }

    private static JsonDocument? ReadJson(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return document.RootElement.ValueKind == JsonValueKind.Object ? document : throw new TokenizerFormatException($"{path} holds no JSON object");
        }
        catch (JsonException e)
        {
            throw new TokenizerFormatException($"{path} is no JSON: {e.Message}", e);
        }
    }

    private static Dictionary<string, string> SpecialTokens(JsonElement? config)
    {
        var tokens = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in config?.EnumerateObject() ?? default)
        {
            if (!property.Name.EndsWith("_token", StringComparison.Ordinal))
            {
                continue;
            }

            // A string, or an added token written out.
            var value = property.Value.ValueKind == JsonValueKind.Object && property.Value.TryGetProperty("content", out var content) ? content : property.Value;
            if (value.ValueKind == JsonValueKind.String)
            {
                tokens[property.Name] = Text(value, property.Name);
            }
        }

        return tokens;
    }

    /// <summary>chat_template.jinja wins over tokenizer_config.json, whose template is a string or a list of named ones.</summary>
    private static string? TemplateSource(string folder, JsonElement? config)
    {
        var file = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(file))
        {
            return File.ReadAllText(file);
        }

        if (config is not { } root || !root.TryGetProperty("chat_template", out var template))
        {
            return null;
        }

        return template.ValueKind switch
        {
            JsonValueKind.String => Text(template, "chat_template"),
            JsonValueKind.Array => Named(template, "default"),
            JsonValueKind.Null => null,
            _ => throw new TokenizerFormatException("tokenizer_config.json: chat_template is neither a text nor a list of named ones"),
        };
    }

    /// <summary>Named templates are files of their own in newer repositories, and a list in tokenizer_config.json in older ones; files take the whole list's place.</summary>
    private static string? ToolUseSource(string folder, JsonElement? config)
    {
        var file = Path.Combine(folder, "additional_chat_templates", "tool_use.jinja");
        return File.Exists(file) ? File.ReadAllText(file)
            : File.Exists(Path.Combine(folder, "chat_template.jinja")) ? null
            : config is { } root && root.TryGetProperty("chat_template", out var templates) && templates.ValueKind == JsonValueKind.Array ? Named(templates, "tool_use")
            : null;
    }

    private static string? Named(JsonElement templates, string name)
    {
        foreach (var entry in templates.EnumerateArray())
        {
            if (entry.ValueKind != JsonValueKind.Object || !entry.TryGetProperty("name", out var called) || !entry.TryGetProperty("template", out var template)
                || called.ValueKind != JsonValueKind.String || template.ValueKind != JsonValueKind.String)
            {
                throw new TokenizerFormatException("tokenizer_config.json: an entry of chat_template has no text as name and template");
            }

            if (Text(called, "chat_template") == name)
            {
                return Text(template, "chat_template");
            }
        }

        return null;
    }

    private static string Text(JsonElement value, string field)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new TokenizerFormatException($"tokenizer_config.json: {field} holds half of a surrogate pair", e);
        }
    }

    private static void AddIds(SortedSet<int> ids, JsonElement? config, string name)
    {
        if (config is not { } root || !root.TryGetProperty(name, out var value))
        {
            return;
        }

        var values = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().ToArray() : [value];
        foreach (var item in values)
        {
            if (item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var id))
            {
                ids.Add(id);
            }
        }
    }

    private static GenerationDefaults ReadDefaults(JsonElement? config)
    {
        if (config is not { } root)
        {
            return new GenerationDefaults();
        }

        double? Number(string name, double least, double most)
            => !root.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? null
            : value.ValueKind == JsonValueKind.Number && value.GetDouble() is var number && number >= least && number <= most ? number
            : throw new TokenizerFormatException($"generation_config.json: {name} is {value.GetRawText()}, no number from {least} to {most}");
        var greedy = root.TryGetProperty("do_sample", out var sample) && sample.ValueKind == JsonValueKind.False;
        return new GenerationDefaults
        {
            Temperature = (float?)Number("temperature", 0, 100) ?? (greedy ? 0f : null),
            TopP = (float?)Number("top_p", float.Epsilon, 1),
            TopK = (int?)Number("top_k", -1, int.MaxValue),
            MinP = (float?)Number("min_p", 0, 1),
            RepetitionPenalty = (float?)Number("repetition_penalty", float.Epsilon, 100),
            MaxNewTokens = (int?)Number("max_new_tokens", 1, int.MaxValue),
        };
    }
}
