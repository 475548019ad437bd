using System.Text;

namespace Octavo.TokenizerBench.Fuzzing;

/// <summary>Strings in which tokenizers are known to differ: a few fragments of several kinds, one after the other.</summary>
/// <param name="random">Seeded.</param>
/// <param name="words">Texts that mean something to the tokenizer at hand: its added tokens, some of its tokens.</param>
public sealed class TextGenerator(Random random, IReadOnlyList<string> words)
{
    private static readonly string[] Fragments =
    [
        "e\u0301", "\u1100\u1161\u11A8", "한국어", "가각", "\u11A8", "ﬁ", "Ａ１", "①", "½", "²", "ǅ", "İ", "ſ", "K", "ß", "ẞ", "Σς", "đ", "\u0345", "a\u0323\u0307", "\u0958", "\u212B", "\u2126", "㋿", "\u1E9B\u0323",
        "👩‍👩‍👧‍👦", "👍🏽", "🇩🇪🇫🇷", "❤️", "🏳️‍🌈", "𝕳𝖊𝖑𝖑𝖔", "𠜎𠜱", "𐍈", "\U000E0041", "שלום עולם", "مرحبا بالعالم", "\u202Eabc\u202C", "हिन्दी", "ภาษาไทย", "ខ្មែរ", "မြန်မာ", "漢字かなカナ", "你好，世界。", "中文English混合", "日本語のテキスト。", "〇〡", "々", "ｶﾞ",
        " ", "  ", "   ", "\t", "\n", "\r\n", "\n\n", " \n ", "\u00A0", "\u2003", "\u3000", "\u200B", "\u200D", "\u2028", "\u0085", "\u000B", "\u000C", "\u1680", "\uFEFF", "\u2581", "\u2581\u2581", "\0", "\u0001", "\u001C", "\u007F", "\u0090", "\uFFFD", "\uFFFF", "\uE000",
        "'s", "'S", "'t", "'re", "'VE", "’s", "'ll", "don't", "I'm", "it'ſ", "o'clock", "n't", " do not", " .", " ?", "...", "!!", "->", "==", "/*", "*/", "://", "_", "__init__", "##", "</w>", "camelCase", "HTMLParser", "XMLHttpRequest", "snake_case", "1234567890", "3.14159", "1,000,000", "٣٤٥", "१२३", "0x1F", "1e-9",
        "<0x0A>", "<0xE4>", "<unk>", "<s>", "</s>", "[CLS]", "[MASK]", "<|im_start|>", "<|endoftext|>", "<|", "|>", "<", ">", "[", "]", "<|im", "Ġ", "Ċ", "Ä", "\\n", "{\"a\": [1, 2]}", "if (x) { return; }", "https://example.com/a?b=c&d=%20", "user@example.com", "#tag", "@me", "The quick brown fox", "Straße", "naïve café", "Ελληνικά", "Привет мир", "Ελλάς", "ΟΔΟΣ",
    ];

    public string Next()
    {
        var text = new StringBuilder();
        for (var left = random.Next(100) < 3 ? random.Next(200) : random.Next(14); left >= 0; left--)
        {
            Append(text);
        }

        return text.ToString();
    }

    private void Append(StringBuilder text)
    {
        switch (random.Next(12))
        {
            case 0 or 1 or 2 or 3:
                text.Append(Fragments[random.Next(Fragments.Length)]);
                break;
            case 4 when words.Count > 0:
                text.Append(words[random.Next(words.Count)]);
                break;
            case 5 when words.Count > 0:
                var word = words[random.Next(words.Count)];
                var cut = random.Next(word.Length + 1);
                cut += cut > 0 && cut < word.Length && char.IsLowSurrogate(word[cut]) ? 1 : 0;
                text.Append(random.Next(2) == 0 ? word[..cut] : word[cut..]);
                break;
            case 6:
                text.Append(' ');
                break;
            case 7:
                text.Append(Scalar());
                break;
            case 8:
                var fragment = random.Next(3) == 0 ? Scalar() : Fragments[random.Next(Fragments.Length)];
                text.Insert(text.Length, fragment, random.Next(random.Next(20) == 0 ? 300 : 6));
                break;
            case 9:
                for (var i = random.Next(12); i >= 0; i--)
                {
                    text.Append((char)random.Next(' ', 127));
                }

                break;
            case 10:
                text.Append(random.NextInt64(1L << random.Next(1, 62)));
                break;
            default:
                for (var i = random.Next(8); i >= 0; i--)
                {
                    text.Append((char)random.Next('a', 'z' + 1));
                }

                break;
        }
    }

    private string Scalar()
    {
        var point = random.Next(8) switch
        {
            0 => random.Next(0x110000),
            1 => random.Next(0x10000),
            2 => random.Next(0x300, 0x370),
            3 => random.Next(0xAC00, 0xD7A4),
            4 => random.Next(0x1F000, 0x1FB00),
            5 => random.Next(0x2000, 0x2100),
            6 => random.Next(0x80, 0x600),
            _ => random.Next(0x600, 0x3100),
        };
        return Rune.IsValid(point) ? new Rune(point).ToString() : "x";
    }
}
