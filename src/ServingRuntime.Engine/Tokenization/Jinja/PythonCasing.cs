using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Jinja;

/// <summary>str.upper, lower, title and capitalize: Unicode's full case mappings, which may lengthen a text (SpecialCasing.txt), where .NET's map scalar by scalar.</summary>
internal static class PythonCasing
{
    private static readonly FrozenDictionary<int, string> Uppers = Read(
        "\u00DFSS \u0149\u02BCN \u01F0J\u030C \u0390\u0399\u0308\u0301 \u03B0\u03A5\u0308\u0301 \u0587\u0535\u0552 \u1E96H\u0331 \u1E97T\u0308 \u1E98W\u030A "
        + "\u1E99Y\u030A \u1E9AA\u02BE \u1F50\u03A5\u0313 \u1F52\u03A5\u0313\u0300 \u1F54\u03A5\u0313\u0301 \u1F56\u03A5\u0313\u0342 \u1F80\u1F08\u0399 "
        + "\u1F81\u1F09\u0399 \u1F82\u1F0A\u0399 \u1F83\u1F0B\u0399 \u1F84\u1F0C\u0399 \u1F85\u1F0D\u0399 \u1F86\u1F0E\u0399 \u1F87\u1F0F\u0399 "
        + "\u1F88\u1F08\u0399 \u1F89\u1F09\u0399 \u1F8A\u1F0A\u0399 \u1F8B\u1F0B\u0399 \u1F8C\u1F0C\u0399 \u1F8D\u1F0D\u0399 \u1F8E\u1F0E\u0399 "
        + "\u1F8F\u1F0F\u0399 \u1F90\u1F28\u0399 \u1F91\u1F29\u0399 \u1F92\u1F2A\u0399 \u1F93\u1F2B\u0399 \u1F94\u1F2C\u0399 \u1F95\u1F2D\u0399 "
        + "\u1F96\u1F2E\u0399 \u1F97\u1F2F\u0399 \u1F98\u1F28\u0399 \u1F99\u1F29\u0399 \u1F9A\u1F2A\u0399 \u1F9B\u1F2B\u0399 \u1F9C\u1F2C\u0399 "
        + "\u1F9D\u1F2D\u0399 \u1F9E\u1F2E\u0399 \u1F9F\u1F2F\u0399 \u1FA0\u1F68\u0399 \u1FA1\u1F69\u0399 \u1FA2\u1F6A\u0399 \u1FA3\u1F6B\u0399 "
        + "\u1FA4\u1F6C\u0399 \u1FA5\u1F6D\u0399 \u1FA6\u1F6E\u0399 \u1FA7\u1F6F\u0399 \u1FA8\u1F68\u0399 \u1FA9\u1F69\u0399 \u1FAA\u1F6A\u0399 "
        + "\u1FAB\u1F6B\u0399 \u1FAC\u1F6C\u0399 \u1FAD\u1F6D\u0399 \u1FAE\u1F6E\u0399 \u1FAF\u1F6F\u0399 \u1FB2\u1FBA\u0399 \u1FB3\u0391\u0399 "
        + "\u1FB4\u0386\u0399 \u1FB6\u0391\u0342 \u1FB7\u0391\u0342\u0399 \u1FBC\u0391\u0399 \u1FC2\u1FCA\u0399 \u1FC3\u0397\u0399 \u1FC4\u0389\u0399 "
        + "\u1FC6\u0397\u0342 \u1FC7\u0397\u0342\u0399 \u1FCC\u0397\u0399 \u1FD2\u0399\u0308\u0300 \u1FD3\u0399\u0308\u0301 \u1FD6\u0399\u0342 "
        + "\u1FD7\u0399\u0308\u0342 \u1FE2\u03A5\u0308\u0300 \u1FE3\u03A5\u0308\u0301 \u1FE4\u03A1\u0313 \u1FE6\u03A5\u0342 \u1FE7\u03A5\u0308\u0342 "
        + "\u1FF2\u1FFA\u0399 \u1FF3\u03A9\u0399 \u1FF4\u038F\u0399 \u1FF6\u03A9\u0342 \u1FF7\u03A9\u0342\u0399 \u1FFC\u03A9\u0399 \uFB00FF \uFB01FI \uFB02FL "
        + "\uFB03FFI \uFB04FFL \uFB05ST \uFB06ST \uFB13\u0544\u0546 \uFB14\u0544\u0535 \uFB15\u0544\u053B \uFB16\u054E\u0546 \uFB17\u0544\u053D \u0131I \u017FS");

    /// <summary>Where the title case differs from the upper case; Georgian letters and those that are titles themselves are left out, since they stay as they are.</summary>
    private static readonly FrozenDictionary<int, string> Titles = Read(
        "\u00DFSs \u01C4\u01C5 \u01C6\u01C5 \u01C7\u01C8 \u01C9\u01C8 \u01CA\u01CB \u01CC\u01CB \u01F1\u01F2 \u01F3\u01F2 \u0587\u0535\u0582 \u1F80\u1F88 "
        + "\u1F81\u1F89 \u1F82\u1F8A \u1F83\u1F8B \u1F84\u1F8C \u1F85\u1F8D \u1F86\u1F8E \u1F87\u1F8F \u1F90\u1F98 \u1F91\u1F99 \u1F92\u1F9A \u1F93\u1F9B "
        + "\u1F94\u1F9C \u1F95\u1F9D \u1F96\u1F9E \u1F97\u1F9F \u1FA0\u1FA8 \u1FA1\u1FA9 \u1FA2\u1FAA \u1FA3\u1FAB \u1FA4\u1FAC \u1FA5\u1FAD \u1FA6\u1FAE "
        + "\u1FA7\u1FAF \u1FB2\u1FBA\u0345 \u1FB3\u1FBC \u1FB4\u0386\u0345 \u1FB7\u0391\u0342\u0345 \u1FC2\u1FCA\u0345 \u1FC3\u1FCC \u1FC4\u0389\u0345 "
        + "\u1FC7\u0397\u0342\u0345 \u1FF2\u1FFA\u0345 \u1FF3\u1FFC \u1FF4\u038F\u0345 \u1FF7\u03A9\u0342\u0345 \uFB00Ff \uFB01Fi \uFB02Fl \uFB03Ffi \uFB04Ffl "
        + "\uFB05St \uFB06St \uFB13\u0544\u0576 \uFB14\u0544\u0565 \uFB15\u0544\u056B \uFB16\u054E\u0576 \uFB17\u0544\u056D");

    public static string Upper(string text) => Ascii.IsValid(text) ? text.ToUpperInvariant() : Map(text, static (rune, _, _) => Upper(rune));

    public static string Lower(string text) => Ascii.IsValid(text) ? text.ToLowerInvariant() : Map(text, Lower);

    public static string Capitalize(string text) => Map(text, static (rune, text, at) => at == 0 ? Title(rune) : Lower(rune, text, at));

    /// <summary>Words are what follows anything that has no case.</summary>
    public static string Title(string text)
    {
        var inWord = false;
        return Map(text, (rune, text, at) =>
        {
            var mapped = inWord ? Lower(rune, text, at) : Title(rune);
            inWord = PythonText.IsCased(rune);
            return mapped;
        });
    }

    private static string Map(string text, Func<Rune, string, int, string> map)
    {
        var builder = new StringBuilder(text.Length);
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            builder.Append(map(rune, text, at));
            at += rune.Utf16SequenceLength;
        }

        return builder.ToString();
    }

    private static string Upper(Rune rune) => Uppers.TryGetValue(rune.Value, out var special) ? special : Rune.ToUpperInvariant(rune).ToString();

    private static string Title(Rune rune)
        => Titles.TryGetValue(rune.Value, out var special) ? special
        : Rune.GetUnicodeCategory(rune) == UnicodeCategory.TitlecaseLetter || rune.Value is (>= 0x10D0 and <= 0x10FA) or (>= 0x10FD and <= 0x10FF) ? rune.ToString()
        : Upper(rune);

    private static string Lower(Rune rune, string text, int at) => rune.Value switch
    {
        0x130 => "i\u0307",
        0x3A3 => EndsWord(text, at) ? "ς" : "σ",
        0x212A => "k",
        0x1E9E => "ß",
        0x2126 => "ω",
        0x212B => "å",
        _ => Rune.ToLowerInvariant(rune).ToString(),
    };

    /// <summary>Unicode's Final_Sigma: a cased letter before, none after, with what is ignored between.</summary>
    private static bool EndsWord(string text, int at)
    {
        var before = at - 1;
        while (before >= 0 && IsIgnored(text[before]))
        {
            before--;
        }

        var after = at + 1;
        while (after < text.Length && IsIgnored(text[after]))
        {
            after++;
        }

        return before >= 0 && PythonText.IsCased(RuneEndingAt(text, before)) && (after >= text.Length || !PythonText.IsCased(RuneAt(text, after)));
    }

    private static Rune RuneEndingAt(string text, int at) => RuneAt(text, at > 0 && char.IsLowSurrogate(text[at]) ? at - 1 : at);

    private static Rune RuneAt(string text, int at) => Rune.TryGetRuneAt(text, at, out var rune) ? rune : Rune.ReplacementChar;

    private static bool IsIgnored(char unit)
        => unit is '\'' or '.' or ':' or '^' or '`' or '¨' or '\u00AD' or '·' or '\u2019' or '\u2018' or '\u2024' or '\u2027'
            || char.GetUnicodeCategory(unit) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format or UnicodeCategory.ModifierSymbol
            || (char.GetUnicodeCategory(unit) == UnicodeCategory.ModifierLetter && !PythonText.IsCased(new Rune(unit)));

    private static FrozenDictionary<int, string> Read(string table)
        => table.Split(' ').ToFrozenDictionary(entry => (int)entry[0], entry => entry[1..]);
}
