using System.Text;

namespace Octavo.TokenizerBench.Measuring;

/// <summary>
/// Text as prompts have it, in blocks: English and source code (from the repository's own documents and sources, so that the words are real), Chinese, Japanese, Korean,
/// emoji, digits, JSON. The CJK blocks are characters drawn by how common they are.
/// </summary>
public static class MixedText
{
    private const string Han = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运";
    private const string Kana = "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをんアイウエオカキクケコサシスセソ";
    private static readonly string[] Emoji = ["😀", "👍🏽", "👩‍🚀", "🎉", "❤️", "🇩🇪", " ", "!", "\n", "🤷‍♂️"];

    /// <param name="root">The repository, for prose and code.</param>
    /// <param name="bytes">About how long the text is to be, in UTF-8.</param>
    /// <param name="random">Seeded.</param>
    public static string Create(string root, int bytes, Random random)
    {
        var prose = Read(root, "*.md", bytes / 3);
        var code = Read(Path.Combine(root, "src"), "*.cs", bytes / 3);
        var text = new StringBuilder();
        var size = 0;
        while (size < bytes)
        {
            var block = random.Next(10) switch
            {
                < 4 => Cut(prose, random),
                < 7 => Cut(code, random),
                7 => Cjk(random),
                8 => random.Next(2) == 0 ? Json(random) : Digits(random),
                _ => string.Concat(Enumerable.Range(0, 60).Select(_ => Emoji[random.Next(Emoji.Length)])),
            };
            size += Encoding.UTF8.GetByteCount(block);
            text.Append(block);
        }

        return text.ToString();
    }

    private static string Read(string folder, string pattern, int most)
    {
        var text = new StringBuilder();
        foreach (var file in Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories).Where(f => !f.Contains("/obj/", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            text.Append(File.ReadAllText(file));
            if (text.Length > most)
            {
                break;
            }
        }

        return text.ToString();
    }

    private static string Cut(string text, Random random)
    {
        var start = random.Next(Math.Max(1, text.Length - 3000));
        return string.Concat(text.AsSpan(start, Math.Min(3000, text.Length - start)).ToString().Where(unit => !char.IsSurrogate(unit)));
    }

    private static string Cjk(Random random)
    {
        var text = new StringBuilder();
        for (var i = 0; i < 90; i++)
        {
            var letters = random.Next(5) == 0 ? Kana : Han;
            for (var n = random.Next(2, 15); n > 0; n--)
            {
                text.Append(random.Next(12) == 0 ? (char)random.Next(0xAC00, 0xD7A4) : letters[(int)(letters.Length * Math.Pow(random.NextDouble(), 1.5))]);
            }

            text.Append("，。、！\n"[random.Next(5)]);
        }

        return text.ToString();
    }

    private static string Json(Random random) => string.Concat(Enumerable.Range(0, 20).Select(i =>
        $"{{\"id\": {random.Next(100000)}, \"name\": \"user{random.Next(9999)}\", \"score\": {random.NextDouble():R}, \"tags\": [\"a\", \"bb\"], \"active\": {(i % 2 == 0 ? "true" : "false")}}},\n"));

    private static string Digits(Random random) => string.Concat(Enumerable.Range(0, 150).Select(_ => $"{random.NextInt64(1L << random.Next(1, 50))}{" ,.\n-"[random.Next(5)]}"));
}
