using Octavo.ServingRuntime.Engine.Tokenization.Patterns;

namespace Octavo.ServingRuntime.Engine.Tokenization.Normalizers;

/// <summary>Rewrites text before it is split; the <c>normalizer</c> of a tokenizer.json.</summary>
internal abstract class Normalizer
{
    public abstract string Normalize(string text);
}

/// <summary>Applies several in order.</summary>
internal sealed class SequenceNormalizer(IReadOnlyList<Normalizer> parts) : Normalizer
{
    public override string Normalize(string text)
    {
        foreach (var part in parts)
        {
            text = part.Normalize(text);
        }

        return text;
    }
}

/// <summary>Puts a string before the text unless the text is empty.</summary>
internal sealed class PrependNormalizer(string prefix) : Normalizer
{
    public override string Normalize(string text) => text.Length == 0 ? text : prefix + text;
}

/// <summary>Replaces each match of a literal or a regular expression.</summary>
internal sealed class ReplaceNormalizer(SplitPattern pattern, string content) : Normalizer
{
    public override string Normalize(string text) => pattern.Replace(text, content);
}

/// <summary>Lower case, character by character; the one that becomes two is the dotted capital I.</summary>
internal sealed class LowercaseNormalizer : Normalizer
{
    public override string Normalize(string text) => text.Replace("\u0130", "i\u0307", StringComparison.Ordinal).ToLowerInvariant();
}

/// <summary>Removes white space at the ends.</summary>
internal sealed class StripNormalizer(bool left, bool right) : Normalizer
{
    public override string Normalize(string text) => (left, right) switch
    {
        (true, true) => text.Trim(),
        (true, false) => text.TrimStart(),
        (false, true) => text.TrimEnd(),
        _ => text,
    };
}

/// <summary>Canonical composition (NFC).</summary>
internal sealed class NfcNormalizer : Normalizer
{
    public override string Normalize(string text) => CanonicalComposition.Compose(text);
}
