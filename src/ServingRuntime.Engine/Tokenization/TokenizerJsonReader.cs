using System.Text.Json;
using Octavo.ServingRuntime.Engine.Tokenization.Decoders;
using Octavo.ServingRuntime.Engine.Tokenization.Models;
using Octavo.ServingRuntime.Engine.Tokenization.Normalizers;
using Octavo.ServingRuntime.Engine.Tokenization.Patterns;
using Octavo.ServingRuntime.Engine.Tokenization.PostProcessors;
using Octavo.ServingRuntime.Engine.Tokenization.PreTokenizers;

namespace Octavo.ServingRuntime.Engine.Tokenization;

/// <summary>Builds a tokenizer from a tokenizer.json; each component is chosen by its <c>type</c>, and one that is not built is refused by name.</summary>
internal static class TokenizerJsonReader
{
    public static Tokenizer Read(Stream stream)
    {
        try
        {
            using var document = JsonDocument.Parse(stream, new JsonDocumentOptions { MaxDepth = 64 });
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new TokenizerFormatException($"tokenizer.json is malformed: {e.Message}", e);
        }
    }

    private static Tokenizer Read(JsonElement root)
    {
        var added = root.TryGetProperty("added_tokens", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Select(ReadAddedToken).ToList()
            : [];
        return new Tokenizer(
            Component(root, "normalizer", ReadNormalizer),
            Component(root, "pre_tokenizer", ReadPreTokenizer),
            ReadModel(root.GetProperty("model")),
            Component(root, "post_processor", ReadPostProcessor),
            Component(root, "decoder", ReadDecoder),
            added);
    }

    private static T? Component<T>(JsonElement root, string name, Func<JsonElement, T> read)
        where T : class
        => root.TryGetProperty(name, out var element) && element.ValueKind == JsonValueKind.Object ? read(element) : null;

    private static AddedToken ReadAddedToken(JsonElement element) => new()
    {
        Id = element.GetProperty("id").GetInt32(),
        Content = element.GetProperty("content").GetString()!,
        Special = Flag(element, "special"),
        LStrip = Flag(element, "lstrip"),
        RStrip = Flag(element, "rstrip"),
        Normalized = Flag(element, "normalized"),
        SingleWord = Flag(element, "single_word"),
    };

    private static Normalizer ReadNormalizer(JsonElement element) => Type(element) switch
    {
        "Sequence" => new SequenceNormalizer(Parts(element, "normalizers", ReadNormalizer)),
        "NFC" => new NfcNormalizer(),
        "Prepend" => new PrependNormalizer(element.GetProperty("prepend").GetString()!),
        "Replace" => new ReplaceNormalizer(ReadPattern(element.GetProperty("pattern")), element.GetProperty("content").GetString()!),
        "Lowercase" => new LowercaseNormalizer(),
        "Precompiled" => new PrecompiledNormalizer(element.GetProperty("precompiled_charsmap").GetBytesFromBase64()),
        "Strip" => new StripNormalizer(Flag(element, "strip_left", true), Flag(element, "strip_right", true)),
        var type => throw Unsupported("normalizer", type),
    };

    private static PreTokenizer ReadPreTokenizer(JsonElement element) => Type(element) switch
    {
        "Sequence" => new SequencePreTokenizer(Parts(element, "pretokenizers", ReadPreTokenizer)),
        "ByteLevel" => new ByteLevelPreTokenizer(Flag(element, "add_prefix_space", true), Flag(element, "use_regex", true)),
        "Split" => new SplitPreTokenizer(ReadPattern(element.GetProperty("pattern")), ReadBehavior(element), Flag(element, "invert")),
        "Whitespace" => new SplitPreTokenizer(SplitPattern.FromRegex(@"\w+|[^\w\s]+"), SplitBehavior.Removed, invert: true),
        "WhitespaceSplit" => new SplitPreTokenizer(SplitPattern.FromRegex(@"\s"), SplitBehavior.Removed, invert: false),
        "Punctuation" => new SplitPreTokenizer(
            SplitPattern.FromRegex(@"[\p{P}!-/:-@\[-`{-~]"), element.TryGetProperty("behavior", out _) ? ReadBehavior(element) : SplitBehavior.Isolated, invert: false),
        "Digits" => new DigitsPreTokenizer(Flag(element, "individual_digits")),
        "Metaspace" => new MetaspacePreTokenizer(element.GetProperty("replacement").GetString()!, ReadScheme(element), Flag(element, "split", true)),
        var type => throw Unsupported("pre_tokenizer", type),
    };

    private static TokenizerModel ReadModel(JsonElement element)
    {
        // Old files leave the type out; only BPE has merges, only Unigram a list for a vocabulary.
        var type = element.TryGetProperty("type", out var named) ? named.GetString()
            : element.TryGetProperty("merges", out _) ? "BPE"
            : element.TryGetProperty("vocab", out var vocab) && vocab.ValueKind == JsonValueKind.Array ? "Unigram" : null;
        return type switch
        {
            "BPE" => ReadBpe(element),
            "Unigram" => new UnigramModel(
                [.. element.GetProperty("vocab").EnumerateArray().Select(entry => (entry[0].GetString()!, entry[1].GetDouble()))],
                element.TryGetProperty("unk_id", out var unknown) && unknown.ValueKind == JsonValueKind.Number ? unknown.GetInt32() : null, Flag(element, "byte_fallback")),
            _ => throw Unsupported("model", type ?? "without a type"),
        };
    }

    private static BpeModel ReadBpe(JsonElement element)
    {
        foreach (var option in (ReadOnlySpan<string>)["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (element.TryGetProperty(option, out var value) && value.ValueKind == JsonValueKind.String && value.GetString()!.Length > 0)
            {
                throw new TokenizerFormatException($"tokenizer.json: the BPE option {option} is not supported");
            }
        }

        if (element.TryGetProperty("dropout", out var dropout) && dropout.ValueKind == JsonValueKind.Number && dropout.GetDouble() > 0)
        {
            throw new TokenizerFormatException("tokenizer.json: BPE dropout is not supported: it is for training");
        }

        var vocabularyElement = element.GetProperty("vocab");
        var vocabulary = new Dictionary<string, int>(vocabularyElement.GetPropertyCount(), StringComparer.Ordinal);
        foreach (var entry in vocabularyElement.EnumerateObject())
        {
            vocabulary[entry.Name] = entry.Value.GetInt32();
        }

        return new BpeModel(vocabulary, [.. element.GetProperty("merges").EnumerateArray().Select(ReadMerge)], new BpeOptions
        {
            UnknownToken = element.TryGetProperty("unk_token", out var unknown) && unknown.ValueKind == JsonValueKind.String ? unknown.GetString() : null,
            FuseUnknown = Flag(element, "fuse_unk"),
            ByteFallback = Flag(element, "byte_fallback"),
            IgnoreMerges = Flag(element, "ignore_merges"),
        });
    }

    private static (string Left, string Right) ReadMerge(JsonElement merge)
    {
        if (merge.ValueKind == JsonValueKind.Array)
        {
            return (merge[0].GetString()!, merge[1].GetString()!);
        }

        var text = merge.GetString()!;
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        return space > 0 ? (text[..space], text[(space + 1)..]) : throw new FormatException($"merge '{text}' has no space");
    }

    private static PostProcessor ReadPostProcessor(JsonElement element)
    {
        switch (Type(element))
        {
            case "Sequence":
                return new SequencePostProcessor(Parts(element, "processors", ReadPostProcessor));
            case "ByteLevel":
                return new ByteLevelPostProcessor();
            case "TemplateProcessing":
                var ids = element.GetProperty("special_tokens").EnumerateObject()
                    .ToDictionary(p => p.Name, p => p.Value.GetProperty("ids").EnumerateArray().Select(i => i.GetInt32()).ToArray(), StringComparer.Ordinal);
                return new TemplatePostProcessor([.. element.GetProperty("single").EnumerateArray().Select(part =>
                    part.TryGetProperty("SpecialToken", out var special) ? ids[special.GetProperty("id").GetString()!] : null)]);
            case var type:
                throw Unsupported("post_processor", type);
        }
    }

    private static TokenDecoder ReadDecoder(JsonElement element) => Type(element) switch
    {
        "Sequence" => new SequenceDecoder(Parts(element, "decoders", ReadDecoder)),
        "ByteLevel" => new ByteLevelDecoder(),
        "ByteFallback" => new ByteFallbackDecoder(),
        "Fuse" => new FuseDecoder(),
        "Replace" => new ReplaceDecoder(ReadPattern(element.GetProperty("pattern")), element.GetProperty("content").GetString()!),
        "Strip" => new StripDecoder(element.GetProperty("content").GetString()![0], element.GetProperty("start").GetInt32(), element.GetProperty("stop").GetInt32()),
        "Metaspace" => new MetaspaceDecoder(element.GetProperty("replacement").GetString()!, ReadScheme(element)),
        var type => throw Unsupported("decoder", type),
    };

    private static SplitPattern ReadPattern(JsonElement element)
        => element.TryGetProperty("Regex", out var regex)
            ? SplitPattern.FromRegex(regex.GetString()!)
            : SplitPattern.FromLiteral(element.GetProperty("String").GetString()!);

    private static SplitBehavior ReadBehavior(JsonElement element)
        => Enum.TryParse<SplitBehavior>(element.GetProperty("behavior").GetString(), out var behavior)
            ? behavior
            : throw Unsupported("split behavior", element.GetProperty("behavior").GetString()!);

    private static PrependScheme ReadScheme(JsonElement element)
    {
        if (element.TryGetProperty("prepend_scheme", out var scheme))
        {
            return scheme.GetString() switch
            {
                "always" => PrependScheme.Always,
                "first" => PrependScheme.First,
                "never" => PrependScheme.Never,
                var other => throw Unsupported("prepend_scheme", other ?? "null"),
            };
        }

        return Flag(element, "add_prefix_space", true) ? PrependScheme.Always : PrependScheme.Never;
    }

    private static List<T> Parts<T>(JsonElement element, string name, Func<JsonElement, T> read)
        => [.. element.GetProperty(name).EnumerateArray().Select(read)];

    private static string Type(JsonElement element) => element.GetProperty("type").GetString()!;

    private static bool Flag(JsonElement element, string name, bool otherwise = false)
        => element.TryGetProperty(name, out var value) ? value.ValueKind == JsonValueKind.True : otherwise;

    private static TokenizerFormatException Unsupported(string component, string type)
        => new($"tokenizer.json: the {component} '{type}' is not supported");
}
