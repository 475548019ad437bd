using System.Text.Json.Nodes;

namespace Octavo.TokenizerBench.Fuzzing;

/// <summary>Whole tokenizer.json files: a model, made up or of a given file, with components put around it by chance.</summary>
/// <param name="random">Seeded.</param>
/// <param name="models">Models of real files to take now and then.</param>
public sealed class VariationGenerator(Random random, IReadOnlyList<JsonObject> models)
{
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private static readonly string[] Patterns =
    [
        Gpt2, @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        @"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+",
        @"\p{N}{1,3}", @"[一-龥぀-ゟ゠-ヿ]+", @"\s+", @"\w+", @"\d", @"[^\s]+", @"\p{L}+", @"\P{L}+", "[A-Z]", @"\s*", @"x?", @"^\w|\w$", @"(?<=\p{L})\p{N}|\b\w", @"(\p{N}{3})+(?!\p{N})", @"\p{N}(?=(?:\p{N}{3})+\b)", @"a{2,}+|(?>s+)t|[^\n]\z",
        @" ?[^(\s|[.,!?…。，、।۔،])]+", @"[\p{P}\p{S}]", @"\p{Lu}?\p{Ll}*+", @"(?i)the|of", @"[\p{Hiragana}\p{Katakana}\p{Hangul}]+",
    ];

    private static readonly string[] Literals = [" ", "▁", "a", "ab", "", "\n", "e\u0301", "##", ".", "你", "👍", "  "];
    private static readonly string[] Behaviors = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"];

    public JsonObject Next()
    {
        var generator = new ModelGenerator(random);
        var isReal = models.Count > 0 && random.Next(4) == 0;
        var model = isReal ? (JsonObject)models[random.Next(models.Count)].DeepClone() : generator.Next(out _);
        return new JsonObject
        {
            ["version"] = "1.0", ["truncation"] = null, ["padding"] = null,
            ["added_tokens"] = AddedTokens(model),
            ["normalizer"] = random.Next(4) == 0 ? null : Normalizer(1),
            ["pre_tokenizer"] = random.Next(5) == 0 ? null : PreTokenizer(1),
            ["post_processor"] = random.Next(3) == 0 ? null : PostProcessor(1),
            ["decoder"] = random.Next(8) == 0 ? null : Decoder(1),
            ["model"] = model,
        };
    }

    private bool Flip() => random.Next(2) == 0;

    private T Any<T>(IReadOnlyList<T> list) => list[random.Next(list.Count)];

    private static JsonObject Of(string type, params (string Name, JsonNode? Value)[] fields)
    {
        var node = new JsonObject { ["type"] = type };
        foreach (var (name, value) in fields)
        {
            node[name] = value;
        }

        return node;
    }

    private JsonArray Several(Func<int, JsonObject> next, int depth)
    {
        var parts = new JsonArray();
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            parts.Add(next(depth - 1));
        }

        return parts;
    }

    private JsonObject Pattern() => random.Next(3) == 0 ? new JsonObject { ["String"] = Any(Literals) } : new JsonObject { ["Regex"] = Any(Patterns) };

    private JsonArray AddedTokens(JsonObject model)
    {
        var array = new JsonArray();
        var next = model["vocab"] is JsonArray list ? list.Count : ((JsonObject)model["vocab"]!).Count;
        var contents = new HashSet<string>();
        for (var i = random.Next(6); i > 0; i--)
        {
            var content = Any<string>(["<|im_start|>", "<|im_end|>", "<s>", "</s>", "<unk>", "[MASK]", "the", "ab", "abc", " x", "  ", "é", "E\u0301", "İ", "▁<t>", "<|endoftext|>", "你好", "👍", "_", "\n\n", "HELLO", "1", "<|im_start|>user"]);
            var known = IdOf(model, content);
            if (contents.Add(content))
            {
                array.Add(new JsonObject
                {
                    ["id"] = known ?? next++, ["content"] = content, ["single_word"] = random.Next(4) == 0, ["lstrip"] = random.Next(4) == 0, ["rstrip"] = random.Next(4) == 0,
                    ["normalized"] = Flip(), ["special"] = Flip(),
                });
            }
        }

        // The library reads them in order of their ids.
        var sorted = array.OrderBy(token => token!["id"]!.GetValue<int>()).Select(token => token!.DeepClone()).ToArray();
        return new JsonArray(sorted);
    }

    private static int? IdOf(JsonObject model, string token)
    {
        if (model["vocab"] is JsonObject vocab)
        {
            return vocab[token]?.GetValue<int>();
        }

        var at = ((JsonArray)model["vocab"]!).Select(entry => entry![0]!.GetValue<string>()).ToList().IndexOf(token);
        return at >= 0 ? at : null;
    }

    private JsonObject Normalizer(int depth) => random.Next(depth > 0 ? 16 : 14) switch
    {
        0 => Of("NFC"),
        1 => Of("NFD"),
        2 => Of("NFKC"),
        3 => Of("NFKD"),
        4 => Of("Lowercase"),
        5 => Of("Strip", ("strip_left", Flip()), ("strip_right", Flip())),
        6 => Of("StripAccents"),
        7 => Of("Nmt"),
        8 => Of("Prepend", ("prepend", Any<string>(["▁", "x", " "]))),
        9 or 10 => Of("Replace", ("pattern", Pattern()), ("content", Any<string>(["▁", "", " ", "ab", "👍"]))),
        11 => Of("BertNormalizer", ("clean_text", Flip()), ("handle_chinese_chars", Flip()), ("strip_accents", random.Next(3) switch { 0 => null, 1 => true, _ => false }), ("lowercase", Flip())),
        12 => Of("Replace", ("pattern", new JsonObject { ["String"] = " " }), ("content", "▁")),
        13 => Of("ByteLevel"),
        _ => Of("Sequence", ("normalizers", Several(Normalizer, depth))),
    };

    private JsonObject PreTokenizer(int depth) => random.Next(depth > 0 ? 17 : 13) switch
    {
        0 or 1 => Of("ByteLevel", ("add_prefix_space", Flip()), ("trim_offsets", Flip()), ("use_regex", Flip())),
        2 or 3 or 4 => Of("Split", ("pattern", Pattern()), ("behavior", Any(Behaviors)), ("invert", random.Next(4) == 0)),
        5 => Of("Whitespace"),
        6 => Of("WhitespaceSplit"),
        7 => Of("Punctuation", ("behavior", Any(Behaviors))),
        8 => Of("Digits", ("individual_digits", Flip())),
        9 or 10 => Of("Metaspace", ("replacement", Any<string>(["▁", "_", "▁"])), ("prepend_scheme", Any<string>(["always", "first", "never"])), ("split", Flip())),
        11 => Of("BertPreTokenizer"),
        12 => Of("CharDelimiterSplit", ("delimiter", Any<string>([" ", "a", "▁"]))),
        _ => Of("Sequence", ("pretokenizers", Several(PreTokenizer, depth))),
    };

    private JsonObject PostProcessor(int depth) => random.Next(depth > 0 ? 5 : 4) switch
    {
        0 => Of("ByteLevel", ("add_prefix_space", Flip()), ("trim_offsets", Flip()), ("use_regex", Flip())),
        1 => Of("BertProcessing", ("sep", new JsonArray("</s>", 3)), ("cls", new JsonArray("<s>", 2))),
        2 => Of("RobertaProcessing", ("sep", new JsonArray("</s>", 3)), ("cls", new JsonArray("<s>", 2)), ("trim_offsets", Flip()), ("add_prefix_space", Flip())),
        3 => Of(
            "TemplateProcessing",
            ("single", Flip() ? JsonNode.Parse("""[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}]""") : JsonNode.Parse("""[{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"E","type_id":0}}]""")),
            ("pair", JsonNode.Parse("""[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}]""")),
            ("special_tokens", JsonNode.Parse("""{"<s>":{"id":"<s>","ids":[2],"tokens":["<s>"]},"E":{"id":"E","ids":[3,4],"tokens":["x","y"]}}"""))),
        _ => Of("Sequence", ("processors", Several(PostProcessor, depth))),
    };

    private JsonObject Decoder(int depth) => random.Next(depth > 0 ? 14 : 10) switch
    {
        0 or 1 => Of("ByteLevel", ("add_prefix_space", Flip()), ("trim_offsets", Flip()), ("use_regex", Flip())),
        2 => Of("ByteFallback"),
        3 => Of("Fuse"),
        4 => Of("Metaspace", ("replacement", "▁"), ("prepend_scheme", Any<string>(["always", "first", "never"])), ("split", Flip())),
        5 => Of("Replace", ("pattern", Pattern()), ("content", Any<string>([" ", "", "x"]))),
        6 => Of("WordPiece", ("prefix", "##"), ("cleanup", Flip())),
        7 => Of("BPEDecoder", ("suffix", Any<string>(["</w>", "a"]))),
        8 => Of("CTC", ("pad_token", Any<string>(["<pad>", "a"])), ("word_delimiter_token", "|"), ("cleanup", Flip())),
        9 => Of("Replace", ("pattern", new JsonObject { ["String"] = "▁" }), ("content", " ")),
        10 => (JsonObject)JsonNode.Parse("""{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}""")!,
        _ => Of("Sequence", ("decoders", Several(Decoder, depth))),
    };
}
