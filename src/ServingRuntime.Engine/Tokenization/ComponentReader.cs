using System.Text.Json;
using Octavo.ServingRuntime.Engine.Tokenization.Decoders;
using Octavo.ServingRuntime.Engine.Tokenization.Normalizers;
using Octavo.ServingRuntime.Engine.Tokenization.Patterns;
using Octavo.ServingRuntime.Engine.Tokenization.PostProcessors;
using Octavo.ServingRuntime.Engine.Tokenization.PreTokenizers;

namespace Octavo.ServingRuntime.Engine.Tokenization;

/// <summary>Builds the components of a tokenizer.json, each chosen by its <c>type</c>; one that is not built is refused by name.</summary>
internal static class ComponentReader
{
    public static Normalizer ReadNormalizer(JsonElement element) => element.Type() switch
    {
        "Sequence" => new SequenceNormalizer(element.Parts("normalizers", ReadNormalizer)),
        "NFC" => new UnicodeNormalizer(compatible: false, composed: true),
        "NFD" => new UnicodeNormalizer(compatible: false, composed: false),
        "NFKC" => new UnicodeNormalizer(compatible: true, composed: true),
        "NFKD" => new UnicodeNormalizer(compatible: true, composed: false),
        "Prepend" => new PrependNormalizer(element.Text("prepend")),
        "Replace" => new ReplaceNormalizer(ReadPattern(element.GetProperty("pattern")), element.Text("content")),
        "Lowercase" => new LowercaseNormalizer(),
        "Precompiled" => new PrecompiledNormalizer(element.GetProperty("precompiled_charsmap").GetBytesFromBase64()),
        "Strip" => new StripNormalizer(element.Flag("strip_left", true), element.Flag("strip_right", true)),
        "StripAccents" => new StripAccentsNormalizer(),
        "Nmt" => new NmtNormalizer(),
        "ByteLevel" => new ByteLevelNormalizer(),
        "BertNormalizer" => new BertNormalizer(
            element.Flag("clean_text", true), element.Flag("handle_chinese_chars", true), element.Flag("strip_accents", element.Flag("lowercase", true)), element.Flag("lowercase", true)),
        var type => throw Unsupported("normalizer", type),
    };

    /// <summary>The pre-tokenizer's parts in order; a sequence within a sequence is laid flat.</summary>
    public static IEnumerable<PreTokenizer> ReadPreTokenizers(JsonElement element)
        => element.Type() == "Sequence" ? element.Parts("pretokenizers", ReadPreTokenizers).SelectMany(parts => parts) : ReadPreTokenizer(element);

    /// <summary>
    /// Refuses what this tokenizer would compute wrongly: prepend_scheme "first" goes by where a piece stood in the original text, which is not known any more once an
    /// earlier component has put characters in and another has split between them.
    /// </summary>
    public static void CheckOrder(Normalizer? normalizer, IReadOnlyList<PreTokenizer> preTokenizers)
    {
        for (var i = 1; i < preTokenizers.Count; i++)
        {
            if (preTokenizers[i] is MetaspacePreTokenizer { MarksFirst: true } && (normalizer is { PutsIn: true } || preTokenizers.Take(i).Any(before => before.PutsIn)))
            {
                throw Unsupported("prepend_scheme", "first, behind components that put characters in");
            }
        }
    }

    private static IEnumerable<PreTokenizer> ReadPreTokenizer(JsonElement element) => element.Type() switch
    {
        "ByteLevel" => [new ByteLevelPreTokenizer(element.Flag("add_prefix_space", true), element.Flag("use_regex", true), writes: true)],
        "Split" => [new SplitPreTokenizer(ReadPattern(element.GetProperty("pattern")), ReadBehavior(element), element.Flag("invert"))],
        "Whitespace" => [new SplitPreTokenizer(SplitPattern.FromSyntax(Words), SplitBehavior.Removed, invert: true)],
        "WhitespaceSplit" => [Spaces()],
        "Punctuation" => [Punctuation(element.TryGetProperty("behavior", out _) ? ReadBehavior(element) : SplitBehavior.Isolated)],
        "BertPreTokenizer" => [Spaces(), Punctuation(SplitBehavior.Isolated)],
        "Digits" => [new SplitPreTokenizer(
            SplitPattern.FromSyntax(new PatternSyntax.One(CharacterSet.RustNumber)), element.Flag("individual_digits") ? SplitBehavior.Isolated : SplitBehavior.Contiguous, invert: false)],
        "Metaspace" => [new MetaspacePreTokenizer(element.Character("replacement"), ReadScheme(element), element.Flag("split", true))],
        "CharDelimiterSplit" => [new SplitPreTokenizer(SplitPattern.FromLiteral(element.Character("delimiter")), SplitBehavior.Removed, invert: false)],
        var type => throw Unsupported("pre_tokenizer", type),
    };

    public static PostProcessor ReadPostProcessor(JsonElement element)
    {
        switch (element.Type())
        {
            case "Sequence":
                var parts = element.Parts("processors", ReadPostProcessor);
                return parts.Count(part => part.AddsTokens) <= 1
                    ? new SequencePostProcessor(parts)
                    : throw Unsupported("post_processor", "Sequence of several that add tokens");
            case "ByteLevel":
                return new ByteLevelPostProcessor();
            case "BertProcessing" or "RobertaProcessing":
                return new TemplatePostProcessor([[element.GetProperty("cls")[1].GetInt32()], null, [element.GetProperty("sep")[1].GetInt32()]]);
            case "TemplateProcessing":
                var ids = element.GetProperty("special_tokens").EnumerateObject()
                    .ToDictionary(p => p.Name, p => p.Value.GetProperty("ids").EnumerateArray().Select(i => i.GetInt32()).ToArray(), StringComparer.Ordinal);
                return new TemplatePostProcessor([.. element.GetProperty("single").EnumerateArray().Select(part =>
                    part.TryGetProperty("SpecialToken", out var special) ? ids[special.Text("id")] : ReadSequence(part))]);
            case var type:
                throw Unsupported("post_processor", type);
        }
    }

    public static TokenDecoder ReadDecoder(JsonElement element) => element.Type() switch
    {
        "Sequence" => element.Parts("decoders", ReadDecoder) is var parts && parts.Count == 1 ? parts[0] : new SequenceDecoder(parts),
        "ByteLevel" => new ByteLevelDecoder(),
        "ByteFallback" => new ByteFallbackDecoder(),
        "Fuse" => new FuseDecoder(),
        "Replace" => new ReplaceDecoder(ReadPattern(element.GetProperty("pattern")), element.Text("content")),
        "Strip" => new StripDecoder(element.Character("content"), element.GetProperty("start").GetInt32(), element.GetProperty("stop").GetInt32()),
        "Metaspace" => new MetaspaceDecoder(element.Character("replacement"), ReadScheme(element)),
        "WordPiece" => new WordPieceDecoder(element.Text("prefix"), element.Flag("cleanup", true)),
        "BPEDecoder" => new BpeDecoder(element.Text("suffix")),
        "CTC" => new CtcDecoder(element.Text("pad_token"), element.Text("word_delimiter_token"), element.Flag("cleanup", true)),
        var type => throw Unsupported("decoder", type),
    };

    public static TokenizerFormatException Unsupported(string component, string type)
        => new($"tokenizer.json: the {component} '{type}' is not supported");

    /// <summary>Runs of word characters, and runs of what is neither word nor space.</summary>
    private static PatternSyntax Words => new PatternSyntax.Choice([Run(CharacterSet.RustWord), Run(CharacterSet.RustWordOrSpace.Negate())]);

    private static PatternSyntax.Repeat Run(CharacterSet set) => new(new PatternSyntax.One(set), 1, int.MaxValue, Lazy: false, Possessive: false);

    private static SplitPreTokenizer Spaces() => new(SplitPattern.FromSyntax(new PatternSyntax.One(CharacterSet.WhiteSpace)), SplitBehavior.Removed, invert: false);

    private static SplitPreTokenizer Punctuation(SplitBehavior behavior) => new(SplitPattern.FromSyntax(new PatternSyntax.One(UnicodeSets.Punctuation)), behavior, invert: false);

    private static int[]? ReadSequence(JsonElement part)
        => part.GetProperty("Sequence").Text("id") == "A" ? null : throw Unsupported("post_processor", "TemplateProcessing with sequence B in 'single'");

    private static SplitPattern ReadPattern(JsonElement element)
        => element.TryGetProperty("Regex", out _) ? SplitPattern.FromRegex(element.Text("Regex")) : SplitPattern.FromLiteral(element.Text("String"));

    private static SplitBehavior ReadBehavior(JsonElement element)
        => element.Text("behavior") switch
        {
            "Removed" => SplitBehavior.Removed,
            "Isolated" => SplitBehavior.Isolated,
            "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
            "MergedWithNext" => SplitBehavior.MergedWithNext,
            "Contiguous" => SplitBehavior.Contiguous,
            var other => throw Unsupported("split behavior", other),
        };

    private static PrependScheme ReadScheme(JsonElement element)
    {
        if (element.TryGetProperty("prepend_scheme", out _))
        {
            return element.Text("prepend_scheme") switch
            {
                "always" => PrependScheme.Always,
                "first" => PrependScheme.First,
                "never" => PrependScheme.Never,
                var other => throw Unsupported("prepend_scheme", other),
            };
        }

        return element.Flag("add_prefix_space", true) ? PrependScheme.Always : PrependScheme.Never;
    }
}
