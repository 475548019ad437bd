using System.Buffers;
using System.Text;
using Octavo.ServingRuntime.Engine.Tokenization.Patterns;

namespace Octavo.ServingRuntime.Engine.Tokenization;

/// <summary>Finds added tokens in text, leftmost and of those the longest, by a trie.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly Node root = new();
    private readonly SearchValues<char> firstChars;

    /// <param name="tokens">Each with the text to look for, which differs from its content where the normalizer changes it.</param>
    public AddedTokenMatcher(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        foreach (var (text, token) in tokens)
        {
            var node = root;
            foreach (var unit in text)
            {
                if (!node.Children.TryGetValue(unit, out var child))
                {
                    node.Children[unit] = child = new Node();
                }

                node = child;
            }

            node.Token ??= text.Length > 0 ? token : null;
        }

        firstChars = SearchValues.Create([.. root.Children.Keys]);
    }

    /// <summary>Whether a token might be there: a quick look.</summary>
    public bool MayMatch(ReadOnlySpan<char> text) => text.IndexOfAny(firstChars) >= 0;

    /// <summary>
    /// Cuts text into tokens and the text between them, in order; empty pieces are left out. As in the library the search goes on where a match ended, also where its
    /// token has swallowed white space beyond: another token within that space counts as well.
    /// </summary>
    public List<(int Start, int End, AddedToken? Token)> Split(ReadOnlySpan<char> text)
    {
        var output = new List<(int, int, AddedToken?)>();
        var done = 0;
        var at = 0;
        while (at < text.Length)
        {
            var skip = text[at..].IndexOfAny(firstChars);
            if (skip < 0)
            {
                break;
            }

            at += skip;
            if (Longest(text, at) is not var (token, length))
            {
                at++;
                continue;
            }

            var (start, end) = (at, at + length);
            at = end;
            if (token.SingleWord && (EndsInWord(text[..start]) || BeginsWithWord(text[end..])))
            {
                continue;
            }

            while (token.LStrip && start > done && char.IsWhiteSpace(text[start - 1]))
            {
                start--;
            }

            start = token.LStrip ? Math.Max(start, done) : start;
            while (token.RStrip && end < text.Length && char.IsWhiteSpace(text[end]))
            {
                end++;
            }

            if (start > done)
            {
                output.Add((done, start, null));
            }

            if (end > start)
            {
                output.Add((start, end, token));
            }

            done = end;
        }

        if (done < text.Length)
        {
            output.Add((done, text.Length, null));
        }

        return output;
    }

    private (AddedToken Token, int Length)? Longest(ReadOnlySpan<char> text, int start)
    {
        (AddedToken, int)? found = null;
        var node = root;
        for (var at = start; at < text.Length && node.Children.TryGetValue(text[at], out var child); at++)
        {
            node = child;
            if (node.Token is { } token)
            {
                found = (token, at + 1 - start);
            }
        }

        return found;
    }

    private static bool EndsInWord(ReadOnlySpan<char> text) => Rune.DecodeLastFromUtf16(text, out var rune, out var length) == OperationStatus.Done && length > 0 && CharacterSet.RustWord.Contains(rune.Value);

    private static bool BeginsWithWord(ReadOnlySpan<char> text) => Rune.DecodeFromUtf16(text, out var rune, out var length) == OperationStatus.Done && length > 0 && CharacterSet.RustWord.Contains(rune.Value);

    private sealed class Node
    {
        public Dictionary<char, Node> Children { get; } = [];

        public AddedToken? Token { get; set; }
    }
}
