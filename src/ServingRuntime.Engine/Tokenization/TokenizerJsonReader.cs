using System.Text.Json;
using Octavo.ServingRuntime.Engine.Tokenization.Models;
using Octavo.ServingRuntime.Engine.Tokenization.PreTokenizers;

namespace Octavo.ServingRuntime.Engine.Tokenization;

/// <summary>Builds a tokenizer from a tokenizer.json.</summary>
internal static class TokenizerJsonReader
{
    private const int DefaultMostCharsPerWord = 100;

    public static Tokenizer Read(Stream stream)
    {
        try
        {
            using var document = JsonDocument.Parse(stream, new JsonDocumentOptions { MaxDepth = 64 });
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or IndexOutOfRangeException or OverflowException or ArgumentException)
        {
            throw new TokenizerFormatException($"tokenizer.json is malformed: {e.Message}", e);
        }
    }

    private static Tokenizer Read(JsonElement root)
    {
        var added = root.TryGetProperty("added_tokens", out var list) && list.ValueKind != JsonValueKind.Null
            ? list.EnumerateArray().Select(ReadAddedToken).ToList()
            : [];
        var normalizer = Component(root, "normalizer", ComponentReader.ReadNormalizer);
        var preTokenizers = Component(root, "pre_tokenizer", element => ComponentReader.ReadPreTokenizers(element).ToList()) ?? [];
        ComponentReader.CheckOrder(normalizer, preTokenizers);
        var model = ReadModel(root.GetProperty("model"), preTokenizers);
        return new Tokenizer(
            normalizer, preTokenizers.Count > 0 ? new SequencePreTokenizer(preTokenizers) : null, model, Component(root, "post_processor", ComponentReader.ReadPostProcessor),
            Component(root, "decoder", ComponentReader.ReadDecoder), added);
    }

    private static T? Component<T>(JsonElement root, string name, Func<JsonElement, T> read)
        where T : class
        => root.TryGetProperty(name, out var element) && element.ValueKind != JsonValueKind.Null ? read(element) : null;

    private static AddedToken ReadAddedToken(JsonElement element) => new()
    {
        Id = element.GetProperty("id").GetInt32(),
        Content = element.Text("content"),
        Special = element.Flag("special"),
        LStrip = element.Flag("lstrip"),
        RStrip = element.Flag("rstrip"),
        Normalized = element.Flag("normalized"),
        SingleWord = element.Flag("single_word"),
    };

    private static TokenizerModel ReadModel(JsonElement element, List<PreTokenizer> preTokenizers)
    {
        // Old files leave the type out; only BPE has merges, only Unigram a list for a vocabulary.
        var type = element.OptionalText("type")
            ?? (element.TryGetProperty("merges", out _) ? "BPE" : element.TryGetProperty("vocab", out var vocab) && vocab.ValueKind == JsonValueKind.Array ? "Unigram" : null);
        return type switch
        {
            "BPE" => ReadBpe(element, preTokenizers),
            "Unigram" => new UnigramModel(
                [.. element.GetProperty("vocab").EnumerateArray().Select(ReadPiece)],
                element.TryGetProperty("unk_id", out var unknown) && unknown.ValueKind != JsonValueKind.Null ? unknown.GetInt32() : null, element.Flag("byte_fallback")),
            "WordPiece" => new WordPieceModel(
                ReadVocabulary(element), element.OptionalText("unk_token") ?? "[UNK]", element.OptionalText("continuing_subword_prefix") ?? "##",
                element.TryGetProperty("max_input_chars_per_word", out var most) ? most.GetInt32() : DefaultMostCharsPerWord),
            "WordLevel" => new WordLevelModel(ReadVocabulary(element), element.OptionalText("unk_token") ?? "<unk>"),
            _ => throw ComponentReader.Unsupported("model", type ?? "without a type"),
        };
    }

    private static (string Token, double Score) ReadPiece(JsonElement entry)
    {
        var score = LibraryNumber.Read(entry[1]);
        return double.IsFinite(score) ? (entry[0].GetString() ?? throw new FormatException("a token is null"), score) : throw new FormatException("a score is not finite");
    }

    private static TokenizerVocabulary ReadVocabulary(JsonElement element)
    {
        var vocab = element.GetProperty("vocab");
        var ids = new Dictionary<string, int>(vocab.GetPropertyCount(), StringComparer.Ordinal);
        foreach (var entry in vocab.EnumerateObject())
        {
            ids[entry.Name] = entry.Value.GetInt32();
        }

        return new TokenizerVocabulary(ids);
    }

    private static BpeModel ReadBpe(JsonElement element, List<PreTokenizer> preTokenizers)
    {
        if (element.TryGetProperty("dropout", out var dropout) && dropout.ValueKind != JsonValueKind.Null && dropout.GetDouble() > 0)
        {
            throw new TokenizerFormatException("tokenizer.json: BPE dropout is not supported: it is for training");
        }

        var vocabulary = ReadVocabulary(element);
        var options = new BpeOptions
        {
            UnknownToken = element.OptionalText("unk_token"),
            FuseUnknown = element.Flag("fuse_unk"),
            ByteFallback = element.Flag("byte_fallback"),
            IgnoreMerges = element.Flag("ignore_merges"),
            ContinuingSubwordPrefix = element.OptionalText("continuing_subword_prefix") ?? "",
            EndOfWordSuffix = element.OptionalText("end_of_word_suffix") ?? "",
        };

        // A byte-level pre-tokenizer at the end need not write its alphabet for a model that takes bytes.
        var ofBytes = preTokenizers is [.., ByteLevelPreTokenizer] && BpeModel.HasAllBytes(vocabulary, options);
        if (ofBytes)
        {
            preTokenizers[^1] = ((ByteLevelPreTokenizer)preTokenizers[^1]).WithoutWriting();
        }

        var merges = element.GetProperty("merges").EnumerateArray().Where(merge => !IsHeader(merge)).Select(ReadMerge).ToList();
        return new BpeModel(vocabulary, merges, options, ofBytes);
    }

    private static bool IsHeader(JsonElement merge) => merge.ValueKind == JsonValueKind.String && merge.GetString()!.StartsWith("#version", StringComparison.Ordinal);

    private static (string Left, string Right) ReadMerge(JsonElement merge)
    {
        if (merge.ValueKind == JsonValueKind.Array)
        {
            return merge.GetArrayLength() == 2 ? (merge[0].GetString() ?? "", merge[1].GetString() ?? "") : throw new FormatException("a merge is not a pair");
        }

        var text = merge.GetString() ?? "";
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        return space >= 0 && space == text.LastIndexOf(' ') ? (text[..space], text[(space + 1)..]) : throw new FormatException($"merge '{text}' has not one space");
    }
}
