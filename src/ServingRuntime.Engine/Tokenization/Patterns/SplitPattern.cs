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

    /// <summary>The text with every match replaced.</summary>
    public string Replace(string text, string content)
    {
        var output = new System.Text.StringBuilder(text.Length);
        var previous = 0;
        while (TryFind(text, previous, out var start, out var end))
        {
            output.Append(text, previous, start - previous).Append(content);
            previous = end;
        }

        return previous == 0 ? text : output.Append(text, previous, text.Length - previous).ToString();
    }

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
