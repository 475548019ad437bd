using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Patterns;

/// <summary>
/// The regular expression by which a tokenizer splits text, in Oniguruma's syntax and over Unicode scalar values (the regular expressions of .NET work on UTF-16
/// units, where letters beyond the basic plane are no letters). All published patterns run as an automaton, in time linear in the match; what needs more is run by
/// a backtracking matcher.
/// </summary>
internal sealed class SplitPattern
{
    /// <summary>GPT-2's pattern, which the ByteLevel pre-tokenizer uses by itself.</summary>
    public const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private readonly string? literal;
    private readonly PatternAutomaton? automaton;
    private readonly PatternBacktracker? backtracker;

    private SplitPattern(string? literal, PatternInstruction[]? program)
    {
        this.literal = literal;
        if (program is not null)
        {
            automaton = PatternAutomaton.TryCreate(program);
            backtracker = new PatternBacktracker(program);
        }
    }

    /// <summary>Whether matches take time linear in their length.</summary>
    public bool IsAutomaton => automaton is not null;

    /// <summary>The literal that this pattern stands for, if it is one.</summary>
    public string? LiteralText => literal;

    /// <exception cref="TokenizerFormatException">The pattern uses something that the matcher does not know; the message names it.</exception>
    public static SplitPattern FromRegex(string pattern) => new(null, PatternCompiler.Compile(new PatternParser(pattern).Parse()));

    public static SplitPattern FromSyntax(PatternSyntax syntax) => new(null, PatternCompiler.Compile(syntax));

    /// <summary>An empty literal is a pattern that matches nothing, everywhere.</summary>
    public static SplitPattern FromLiteral(string literal) => literal.Length == 0 ? FromRegex("") : new(literal, null);

    /// <summary>The text with every match replaced.</summary>
    public string Replace(string text, string content)
    {
        if (literal is { Length: > 0 })
        {
            return text.Replace(literal, content, StringComparison.Ordinal);
        }

        var output = new StringBuilder(text.Length);
        var previous = 0;
        var search = new PatternSearch(this);
        while (search.TryNext(text, out var start, out var end))
        {
            output.Append(text, previous, start - previous).Append(content);
            previous = end;
        }

        return output.Append(text, previous, text.Length - previous).ToString();
    }

    /// <summary>The next match from a place on, which may be empty.</summary>
    public bool TryFind(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        if (literal is not null)
        {
            var index = literal.Length == 0 ? -1 : text[from..].IndexOf(literal, StringComparison.Ordinal);
            (start, end) = (from + index, from + index + literal.Length);
            return index >= 0;
        }

        for (start = from; start <= text.Length; start++)
        {
            if (start > from && start < text.Length && char.IsLowSurrogate(text[start]) && char.IsHighSurrogate(text[start - 1]))
            {
                continue;
            }

            end = MatchAt(text, start);
            if (end >= 0)
            {
                return true;
            }
        }

        end = start;
        return false;
    }

    private int MatchAt(ReadOnlySpan<char> text, int at)
    {
        var end = automaton?.Match(text, at) ?? PatternAutomaton.TooLarge;
        return end != PatternAutomaton.TooLarge ? end : backtracker!.Match(text, at);
    }
}
