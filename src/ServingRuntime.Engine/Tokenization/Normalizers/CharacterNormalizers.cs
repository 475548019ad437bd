using System.Text;
using Octavo.ServingRuntime.Engine.Tokenization.Buffers;
using Octavo.ServingRuntime.Engine.Tokenization.Patterns;

namespace Octavo.ServingRuntime.Engine.Tokenization.Normalizers;

/// <summary>Removes the marks of accents; text is to be decomposed before.</summary>
internal sealed class StripAccentsNormalizer : Normalizer
{
    public override bool PutsIn => false;

    public override void Normalize(TextBuffer text) => Remove(text, UnicodeSets.Marks);

    public static void Remove(TextBuffer text, CharacterSet marks)
    {
        if (text.Text.IndexOfAnyInRange('\u0300', '\uFFFF') < 0)
        {
            return;
        }

        foreach (var rune in text.Text.EnumerateRunes())
        {
            if (!marks.Contains(rune.Value))
            {
                text.Append(rune.Value);
            }
            else if (text.NewLength == 0)
            {
                text.LoseStart();
            }
        }

        text.Commit();
    }
}

/// <summary>SentencePiece's nmt rules: control characters go, odd spaces become spaces.</summary>
internal sealed class NmtNormalizer : Normalizer
{
    public override bool PutsIn => false;

    public override void Normalize(TextBuffer text)
    {
        foreach (var rune in text.Text.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case (>= 1 and <= 8) or 0xB or (>= 0xE and <= 0x1F) or 0x7F or 0x8F or 0x9F:
                    if (text.NewLength == 0)
                    {
                        text.LoseStart();
                    }

                    break;
                case 9 or 0xA or 0xC or 0xD or 0x1680 or (>= 0x200B and <= 0x200F) or 0x2028 or 0x2029 or 0x2581 or 0xFEFF or 0xFFFD:
                    text.Append(' ');
                    break;
                default:
                    text.Append(rune.Value);
                    break;
            }
        }

        text.Commit();
    }
}

/// <summary>BERT's cleaning: control characters go, white space becomes spaces, CJK characters are set apart, accents go, letters become small.</summary>
internal sealed class BertNormalizer(bool cleanText, bool handleChinese, bool stripAccents, bool lowercase) : Normalizer
{
    private readonly LowercaseNormalizer lower = new();

    public override void Normalize(TextBuffer text)
    {
        if (cleanText || handleChinese)
        {
            foreach (var rune in text.Text.EnumerateRunes())
            {
                Append(text, rune);
            }

            text.Commit();
        }

        if (stripAccents)
        {
            UnicodeNormalization.Normalize(text, compatible: false, composed: false);
            StripAccentsNormalizer.Remove(text, UnicodeSets.NonSpacingMarks);
        }

        if (lowercase)
        {
            lower.Normalize(text);
        }
    }

    private void Append(TextBuffer text, Rune rune)
    {
        if (cleanText && IsRemoved(rune.Value))
        {
            if (text.NewLength == 0)
            {
                text.LoseStart();
            }

            return;
        }

        if (cleanText && Rune.IsWhiteSpace(rune))
        {
            text.Append(' ');
        }
        else if (handleChinese && IsChinese(rune.Value))
        {
            text.Append(' ');
            text.Append(rune.Value);
            text.Append(' ');
        }
        else
        {
            text.Append(rune.Value);
        }
    }

    /// <summary>Controls, formats and private use as of the library's tables, and U+FFFD; tabs and line ends are white space.</summary>
    private static bool IsRemoved(int point) => point is <= 8 or 0xB or 0xC or (>= 0xE and <= 0x1F) or (>= 0x7F and <= 0x9F) or 0xAD or (>= 0x600 and <= 0x605) or 0x61C or 0x6DD
        or 0x70F or 0x180E or (>= 0x200B and <= 0x200F) or (>= 0x202A and <= 0x202E) or (>= 0x2060 and <= 0x2064) or (>= 0x2066 and <= 0x206F) or (>= 0xE000 and <= 0xF8FF) or 0xFEFF
        or (>= 0xFFF9 and <= 0xFFFB) or 0xFFFD or 0x110BD or (>= 0x1BCA0 and <= 0x1BCA3) or (>= 0x1D173 and <= 0x1D17A) or 0xE0001 or (>= 0xE0020 and <= 0xE007F)
        or (>= 0xF0000 and <= 0xFFFFD) or (>= 0x100000 and <= 0x10FFFD);

    private static bool IsChinese(int point) => point is (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x20000 and <= 0x2A6DF)
        or (>= 0x2A700 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0x2F800 and <= 0x2FA1F);
}
