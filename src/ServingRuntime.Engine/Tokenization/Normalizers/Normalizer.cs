using System.Text;
using Octavo.ServingRuntime.Engine.Tokenization.Buffers;
using Octavo.ServingRuntime.Engine.Tokenization.Patterns;
using Octavo.ServingRuntime.Engine.Tokenization.PreTokenizers;

namespace Octavo.ServingRuntime.Engine.Tokenization.Normalizers;

/// <summary>Rewrites text before it is split; the <c>normalizer</c> of a tokenizer.json.</summary>
internal abstract class Normalizer
{
    /// <param name="text">Without lone surrogates.</param>
    public abstract void Normalize(TextBuffer text);

    /// <summary>Whether it can make several characters of one, or of none.</summary>
    public virtual bool PutsIn => true;

    public string Normalize(string text)
    {
        var buffer = new TextBuffer();
        buffer.Set(text);
        Normalize(buffer);
        return buffer.Text.ToString();
    }
}

/// <summary>Applies several in order.</summary>
internal sealed class SequenceNormalizer(IReadOnlyList<Normalizer> parts) : Normalizer
{
    public override bool PutsIn => parts.Any(part => part.PutsIn);

    public override void Normalize(TextBuffer text)
    {
        foreach (var part in parts)
        {
            part.Normalize(text);
        }
    }
}

/// <summary>Puts a string before the text unless the text is empty.</summary>
internal sealed class PrependNormalizer(string prefix) : Normalizer
{
    public override void Normalize(TextBuffer text)
    {
        if (text.Length > 0)
        {
            text.Prepend(prefix);
        }
    }
}

/// <summary>Replaces each match of a literal or a regular expression.</summary>
internal sealed class ReplaceNormalizer(SplitPattern pattern, string content) : Normalizer
{
    public override void Normalize(TextBuffer text)
    {
        if (text.Length == 0)
        {
            return;
        }

        if (pattern.LiteralText is { Length: 1 } one && content.Length == 1)
        {
            text.Writable.Replace(one[0], content[0]);
            return;
        }

        var previous = 0;
        var search = new PatternSearch(pattern);
        while (search.TryNext(text.Text, out var start, out var end))
        {
            text.Append(text.Text[previous..start]);
            // What is put in stands, for the library, where the last character of the match stood.
            if (start == 0 && end > (content.Length > 0 ? (char.IsHighSurrogate(text.Text[0]) ? 2 : 1) : 0))
            {
                text.LoseStart();
            }

            text.Append(content);

            previous = end;
        }

        if (previous > 0 || text.NewLength > 0)
        {
            text.Append(text.Text[previous..]);
            text.Commit();
        }
    }
}

/// <summary>Lower case, character by character; the one that becomes two is the dotted capital I.</summary>
internal sealed class LowercaseNormalizer : Normalizer
{
    public override void Normalize(TextBuffer text)
    {
        if (Ascii.IsValid(text.Text))
        {
            Ascii.ToLowerInPlace(text.Writable, out _);
            return;
        }

        foreach (var rune in text.Text.EnumerateRunes())
        {
            if (rune.Value == 0x130)
            {
                text.Append("i\u0307");
            }
            else
            {
                text.Append(ToLower(rune));
            }
        }

        text.Commit();
    }

    /// <summary>The letters of Unicode 17, which the library knows, stand first.</summary>
    private static int ToLower(Rune rune) => rune.Value switch
    {
        0xA7CE or 0xA7D2 or 0xA7D4 => rune.Value + 1,
        >= 0x16EA0 and <= 0x16EB8 => rune.Value + 0x1B,
        _ => Rune.ToLowerInvariant(rune).Value,
    };
}

/// <summary>Removes white space at the ends.</summary>
internal sealed class StripNormalizer(bool left, bool right) : Normalizer
{
    public override bool PutsIn => false;

    public override void Normalize(TextBuffer text)
    {
        var (start, end) = (0, text.Length);
        while (left && start < end && char.IsWhiteSpace(text.Text[start]))
        {
            start++;
        }

        while (right && end > start && char.IsWhiteSpace(text.Text[end - 1]))
        {
            end--;
        }

        text.Trim(start, end);
    }
}

/// <summary>A normalisation form of Unicode: NFC, NFD, NFKC, NFKD.</summary>
internal sealed class UnicodeNormalizer(bool compatible, bool composed) : Normalizer
{
    public override bool PutsIn => compatible || !composed;

    public override void Normalize(TextBuffer text) => UnicodeNormalization.Normalize(text, compatible, composed);
}

/// <summary>Writes the text's UTF-8 bytes in GPT-2's alphabet.</summary>
internal sealed class ByteLevelNormalizer : Normalizer
{
    public override void Normalize(TextBuffer text)
    {
        ByteAlphabet.Append(text.Text, text);
        text.Commit();
    }
}
