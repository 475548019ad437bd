using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Octavo.ServingRuntime.Engine.Tokenization.Gguf;

/// <summary>
/// Makes of a GGUF file's vocabulary the tokenizer.json that the model came with, so far as the file still tells, and reads that: there is one tokenizer behind both. Byte-level vocabularies (gpt2)
/// have their merges in the file; SentencePiece's (llama) have scores, from which merges follow.
/// </summary>
internal static class GgufTokenizerReader
{
    private const string Mark = "▁";

    /// <exception cref="TokenizerFormatException">The vocabulary is malformed or of a kind that is not built.</exception>
    public static Tokenizer Read(GgufVocabulary vocabulary)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json, new JsonWriterOptions { SkipValidation = true }))
        {
            Write(vocabulary, writer);
        }

        json.Position = 0;
        try
        {
            return TokenizerJsonReader.Read(json);
        }
        catch (TokenizerFormatException e)
        {
            throw new TokenizerFormatException($"{vocabulary.Path}: {e.Message.Replace("tokenizer.json", "tokenizer.ggml", StringComparison.Ordinal)}", e);
        }
    }

    private static void Write(GgufVocabulary vocabulary, Utf8JsonWriter writer)
    {
        var isByteLevel = vocabulary.Model switch
        {
            "gpt2" => true,
            "llama" => false,
            var other => throw new TokenizerFormatException($"{vocabulary.Path}: tokenizer.ggml.model '{other}' is not supported (gpt2, llama are): put the model's tokenizer.json beside the file"),
        };
        var splitting = isByteLevel ? GgufSplitting.Of(vocabulary) : null;
        if (vocabulary.Flag("normalizer.strip_accents") == true)
        {
            throw new TokenizerFormatException($"{vocabulary.Path}: tokenizer.ggml.normalizer.strip_accents is not supported");
        }

        var hasPrefix = !isByteLevel && vocabulary.Flag("add_space_prefix") != false;
        writer.WriteStartObject();
        WriteAddedTokens(vocabulary, writer);
        WritePart(writer, "normalizer", Normalizer(vocabulary, splitting, hasPrefix));
        WritePart(writer, "pre_tokenizer", splitting?.ToJson());
        WritePart(writer, "post_processor", PostProcessor(vocabulary, splitting?.AddsBos ?? true));
        WritePart(writer, "decoder", isByteLevel ? Part("ByteLevel") : SentencePieceDecoder(hasPrefix));
        WriteModel(vocabulary, splitting, writer);
        writer.WriteEndObject();
    }

    private static void WriteAddedTokens(GgufVocabulary vocabulary, Utf8JsonWriter writer)
    {
        var strips = vocabulary.IsPhi3 && vocabulary.Model == "llama";
        writer.WriteStartArray("added_tokens");
        for (var id = 0; id < vocabulary.Tokens.Count; id++)
        {
            if (vocabulary.Types[id] is not (GgufTokenType.Control or GgufTokenType.UserDefined or GgufTokenType.Unknown) || vocabulary.Tokens[id].Length == 0)
            {
                continue;
            }

            writer.WriteStartObject();
            writer.WriteNumber("id", id);
            writer.WriteString("content", vocabulary.Tokens[id]);
            writer.WriteBoolean("special", vocabulary.Types[id] != GgufTokenType.UserDefined);
            writer.WriteBoolean("normalized", false);
            writer.WriteBoolean("rstrip", strips && vocabulary.Tokens[id] is not ("<unk>" or "<s>" or "<|endoftext|>"));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static JsonObject? Normalizer(GgufVocabulary vocabulary, GgufSplitting? splitting, bool hasPrefix)
    {
        var parts = new JsonArray();
        if (vocabulary.Flag("normalizer.nfc") ?? splitting?.Composes == true)
        {
            parts.Add(Part("NFC"));
        }

        if (vocabulary.Flag("normalizer.lowercase") == true)
        {
            parts.Add(Part("Lowercase"));
        }

        if (splitting is null)
        {
            if (hasPrefix)
            {
                parts.Add(Part("Prepend", ("prepend", Mark)));
            }

            parts.Add(Part("Replace", ("pattern", new JsonObject { ["String"] = " " }), ("content", Mark)));
        }

        return parts.Count > 0 ? Part("Sequence", ("normalizers", parts)) : null;
    }

    private static JsonObject? PostProcessor(GgufVocabulary vocabulary, bool addsBos)
    {
        var bos = (vocabulary.Flag("add_bos_token") ?? addsBos) ? vocabulary.Id("bos") : null;
        var eos = vocabulary.Flag("add_eos_token") == true ? vocabulary.Id("eos") : null;
        if (bos is null && eos is null)
        {
            return null;
        }

        var single = new JsonArray();
        var tokens = new JsonObject();
        Add("bos", bos);
        single.Add(new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "A", ["type_id"] = 0 } });
        Add("eos", eos);
        return Part("TemplateProcessing", ("single", single), ("pair", new JsonArray()), ("special_tokens", tokens));

        void Add(string name, int? id)
        {
            if (id is { } known)
            {
                single.Add(new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = name, ["type_id"] = 0 } });
                tokens[name] = new JsonObject { ["id"] = name, ["ids"] = new JsonArray(known), ["tokens"] = new JsonArray(vocabulary.Tokens[known]) };
            }
        }
    }

    private static JsonObject SentencePieceDecoder(bool hasPrefix)
    {
        var parts = new JsonArray(
            Part("Replace", ("pattern", new JsonObject { ["String"] = Mark }), ("content", " ")), Part("ByteFallback"), Part("Fuse"));
        if (hasPrefix)
        {
            parts.Add(Part("Strip", ("content", " "), ("start", 1), ("stop", 0)));
        }

        return Part("Sequence", ("decoders", parts));
    }

    private static void WriteModel(GgufVocabulary vocabulary, GgufSplitting? splitting, Utf8JsonWriter writer)
    {
        var ids = new Dictionary<string, int>(vocabulary.Tokens.Count, StringComparer.Ordinal);
        for (var id = 0; id < vocabulary.Tokens.Count; id++)
        {
            // Paddings to a round size are no tokens.
            if (vocabulary.Types[id] != GgufTokenType.Unused)
            {
                ids.TryAdd(vocabulary.Tokens[id], id);
            }
        }

        writer.WriteStartObject("model");
        writer.WriteString("type", "BPE");
        writer.WriteBoolean("byte_fallback", splitting is null);
        writer.WriteBoolean("fuse_unk", splitting is null);
        writer.WriteBoolean("ignore_merges", splitting?.IgnoresMerges == true);
        if (splitting is null && vocabulary.Id("unk") is { } unknown)
        {
            writer.WriteString("unk_token", vocabulary.Tokens[unknown]);
        }

        writer.WriteStartObject("vocab");
        foreach (var (token, id) in ids)
        {
            writer.WriteNumber(token, id);
        }

        writer.WriteEndObject();
        writer.WriteStartArray("merges");
        foreach (var (left, right) in splitting is null ? MergesOfScores(vocabulary, ids) : vocabulary.Merges.Select(merge => Parts(vocabulary, merge)))
        {
            writer.WriteStartArray();
            writer.WriteStringValue(left);
            writer.WriteStringValue(right);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static (string Left, string Right) Parts(GgufVocabulary vocabulary, string merge)
    {
        var space = merge.Length > 2 ? merge.IndexOf(' ', 1) : -1;
        return space > 0 ? (merge[..space], merge[(space + 1)..]) : throw new TokenizerFormatException($"{vocabulary.Path}: tokenizer.ggml.merges: '{merge}' is no pair");
    }

    /// <summary>
    /// Every way to make a token of two others, the highest score first and of equals the one with the longer parts, as in Hugging Face's conversion. Some of llama.cpp's converters write one score
    /// for all tokens: then their order decides, since vocabularies are in the order of their making, but for runs of spaces, which were put in front and are merged last.
    /// </summary>
    private static IEnumerable<(string Left, string Right)> MergesOfScores(GgufVocabulary vocabulary, Dictionary<string, int> ids)
    {
        var scores = vocabulary.Scores;
        var lookup = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        var merges = new List<(int Id, int Split)>();
        foreach (var (token, id) in ids)
        {
            for (var split = 1; vocabulary.Types[id] is GgufTokenType.Normal or GgufTokenType.Undefined && split < token.Length; split++)
            {
                if (lookup.ContainsKey(token.AsSpan(0, split)) && lookup.ContainsKey(token.AsSpan(split)))
                {
                    merges.Add((id, split));
                }
            }
        }

        var isScored = scores.Count > 0 && merges.Exists(merge => scores[merge.Id] != scores[merges[0].Id]);
        bool IsSpaces(int id) => vocabulary.Tokens[id].All(character => character == Mark[0]);
        var ordered = isScored ? merges.OrderByDescending(merge => scores[merge.Id]) : merges.OrderBy(merge => IsSpaces(merge.Id)).ThenBy(merge => IsSpaces(merge.Id) ? 0 : merge.Id);
        return ordered.ThenByDescending(merge => merge.Split).ThenByDescending(merge => vocabulary.Tokens[merge.Id].Length)
            .Select(merge => (vocabulary.Tokens[merge.Id][..merge.Split], vocabulary.Tokens[merge.Id][merge.Split..]));
    }

    private static JsonObject Part(string type, params ReadOnlySpan<(string Name, JsonNode Value)> members)
    {
        var part = new JsonObject { ["type"] = type };
        foreach (var (name, value) in members)
        {
            part[name] = value;
        }

        return part;
    }

    private static void WritePart(Utf8JsonWriter writer, string name, JsonObject? part)
    {
        writer.WritePropertyName(name);
        if (part is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            writer.WriteRawValue(Encoding.UTF8.GetBytes(part.ToJsonString()));
        }
    }
}
