namespace Octavo.ServingRuntime.Engine.Tokenization.Patterns;

/// <summary>
/// The regular expression by which a tokenizer splits text, compiled to a matcher over Unicode scalar values (the regular expressions of .NET work on
/// UTF-16 units, where letters beyond the basic plane are no letters). Repetition is over single sets only, so a match costs at most the square of a run, and
/// with the published patterns it is linear.
/// </summary>
internal sealed class SplitPattern
{
    /// <summary>GPT-2's pattern, which the ByteLevel pre-tokenizer uses by itself.</summary>
    public const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private readonly PatternNode root;

    private SplitPattern(PatternNode root)
    {
        this.root = root;
    }

    /// <exception cref="TokenizerFormatException">The pattern uses something that the matcher does not know; the message names it.</exception>
    public static SplitPattern FromRegex(string pattern) => new(new PatternParser(pattern).Parse());

    public static SplitPattern FromLiteral(string literal) => new(PatternParser.Literal(literal));

    /// <summary>The next match that is not empty.</summary>
    public bool TryFind(string text, int from, out int start, out int end)
    {
        for (start = from; start < text.Length; start++)
        {
            if (start > from && char.IsLowSurrogate(text[start]) && char.IsHighSurrogate(text[start - 1]))
            {
                continue;
            }

            end = root.Match(text, start);
            if (end > start)
            {
                return true;
            }
        }

        end = start;
        return false;
    }
}
