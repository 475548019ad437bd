using System.Text;
using System.Text.Json.Nodes;

namespace Octavo.TokenizerBench.Fuzzing;

/// <summary>Small models of every kind, made up: an alphabet, and tokens that are put together from it.</summary>
public sealed class ModelGenerator(Random random)
{
    private static readonly string[] Alphabet =
        [.. "abcdefghilmnorstuvwxyzABCHTXM0123456789 .,!?'-_<>|\n▁éüßñ你好世界한국ァア😀👍ĠĊ#".EnumerateRunes().Select(rune => rune.ToString()), "\u0301", "\u200D"];

    private static readonly string[] Roots = ["the", "ing", "hello", "and", "▁the", "▁hello", " the", "abc", "ab", "12", "世界", "한국", "ello", "##ing", "##s", "##ello", "er", "##er", "<|", "n't", "▁▁", "▁▁▁▁", "  ", "\n\n"];

    public JsonObject Next(out string kind)
    {
        kind = ((ReadOnlySpan<string>)["BPE", "BPE", "BPE", "Unigram", "Unigram", "WordPiece", "WordLevel"])[random.Next(7)];
        return kind switch
        {
            "BPE" => Bpe(),
            "Unigram" => Unigram(),
            "WordPiece" => new JsonObject
            {
                ["type"] = "WordPiece", ["unk_token"] = "[UNK]", ["continuing_subword_prefix"] = "##", ["max_input_chars_per_word"] = Flip() ? 100 : random.Next(1, 12),
                ["vocab"] = Numbered(["[UNK]", "[CLS]", "[SEP]", .. Alphabet, .. Alphabet.Select(a => "##" + a), .. Roots, .. Words(40), .. Words(40).Select(w => "##" + w)]),
            },
            _ => new JsonObject { ["type"] = "WordLevel", ["unk_token"] = "<unk>", ["vocab"] = Numbered(["<unk>", "<s>", "</s>", .. Alphabet, .. Roots, .. Words(60)]) },
        };
    }

    private bool Flip() => random.Next(2) == 0;

    private JsonObject Bpe()
    {
        var affixes = random.Next(8) == 0;
        var prefix = affixes && Flip() ? "##" : "";
        var suffix = affixes && Flip() ? "</w>" : "";
        var tokens = new List<string>(Alphabet.Where(_ => random.Next(20) > 0));
        var whole = Flip();
        if (whole)
        {
            // Also all of GPT-2's alphabet.
            tokens.AddRange(Enumerable.Range(0x21, 0x7F - 0x21).Concat(Enumerable.Range(0xA1, 12)).Concat(Enumerable.Range(0xAE, 82)).Concat(Enumerable.Range(0x100, 68)).Select(c => ((char)c).ToString()));
        }

        tokens = [.. tokens.Distinct()];
        if (affixes)
        {
            tokens = [.. tokens, .. tokens.Select(t => prefix + t), .. tokens.Select(t => t + suffix), .. tokens.Select(t => prefix + t + suffix)];
            tokens = [.. tokens.Distinct()];
        }

        var set = tokens.ToHashSet();
        var merges = new JsonArray();
        for (var i = random.Next(200); i > 0; i--)
        {
            var (left, right) = (tokens[random.Next(tokens.Count)], tokens[random.Next(tokens.Count)]);
            if ((prefix.Length > 0 && !right.StartsWith(prefix, StringComparison.Ordinal)) || left.Contains(' ', StringComparison.Ordinal) || right.Contains(' ', StringComparison.Ordinal) || left.Length + right.Length > 14)
            {
                continue;
            }

            merges.Add(new JsonArray(left, right));
            if (set.Add(left + right[prefix.Length..]))
            {
                tokens.Add(left + right[prefix.Length..]);
            }
        }

        var bytes = random.Next(3);
        tokens.AddRange(Enumerable.Range(0, 256).Where(_ => bytes == 2 || (bytes == 1 && random.Next(9) > 0)).Select(b => $"<0x{b:X2}>"));
        var unknown = random.Next(3) > 0;
        return new JsonObject
        {
            ["type"] = "BPE", ["dropout"] = null, ["unk_token"] = unknown ? "<unk>" : null, ["continuing_subword_prefix"] = prefix.Length > 0 ? prefix : null,
            ["end_of_word_suffix"] = suffix.Length > 0 ? suffix : null, ["fuse_unk"] = Flip(), ["byte_fallback"] = bytes > 0, ["ignore_merges"] = random.Next(3) == 0,
            ["vocab"] = Numbered(unknown ? ["<unk>", .. tokens] : tokens), ["merges"] = merges,
        };
    }

    private JsonObject Unigram()
    {
        var bytes = Flip();
        List<string> tokens = ["<unk>", .. Alphabet, .. Roots, .. Words(80)];
        tokens.AddRange(Enumerable.Range(0, 256).Where(_ => bytes).Select(b => $"<0x{b:X2}>"));
        var vocab = new JsonArray();
        foreach (var token in tokens.Distinct())
        {
            // Few different scores, so that there are ties.
            vocab.Add(new JsonArray(token, -(random.Next(1, 40) / 4.0) * Math.Max(1, token.Length / 2)));
        }

        return new JsonObject { ["type"] = "Unigram", ["unk_id"] = 0, ["byte_fallback"] = bytes, ["vocab"] = vocab };
    }

    private IEnumerable<string> Words(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var word = new StringBuilder();
            for (var n = random.Next(2, 5); n > 0; n--)
            {
                word.Append(Alphabet[random.Next(Alphabet.Length)]);
            }

            yield return word.ToString();
        }
    }

    private static JsonObject Numbered(IEnumerable<string> tokens)
    {
        var vocab = new JsonObject();
        foreach (var token in tokens.Distinct())
        {
            vocab[token] = vocab.Count;
        }

        return vocab;
    }
}
