using System.Globalization;
using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Patterns;

/// <summary>Reads the part of Oniguruma's syntax that tokenizers use: alternation, sets, \p, shorthand classes, repetition of one set, optional groups, (?i:), look-ahead.</summary>
internal sealed class PatternParser(string pattern)
{
    private int position;
    private bool ignoreCase;

    public PatternNode Parse()
    {
        var (first, last) = ParseAlternation();
        if (position < pattern.Length)
        {
            throw Unsupported("an unbalanced ')'");
        }

        last.Next = new AcceptNode();
        return first;
    }

    public static PatternNode Literal(string literal)
    {
        PatternNode next = new AcceptNode();
        foreach (var rune in literal.EnumerateRunes().Reverse())
        {
            next = new RepeatNode(new CharacterSet([new CharacterSet.Range(rune.Value, rune.Value)], negated: false), 1, 1, lazy: false, possessive: false) { Next = next };
        }

        return next;
    }

    /// <summary>A chain: its first node and the node whose Next is still open.</summary>
    private (PatternNode First, PatternNode Last) ParseAlternation()
    {
        var branches = new List<(PatternNode? First, PatternNode? Last)> { ParseSequence() };
        while (position < pattern.Length && pattern[position] == '|')
        {
            position++;
            branches.Add(ParseSequence());
        }

        if (branches is [({ } onlyFirst, { } onlyLast)])
        {
            return (onlyFirst, onlyLast);
        }

        var heads = new List<PatternNode>();
        var alternation = new AlternationNode(heads);
        var join = new JoinNode(alternation);
        foreach (var (first, last) in branches)
        {
            heads.Add(first ?? join);
            if (last is not null)
            {
                last.Next = join;
            }
        }

        return (alternation, alternation);
    }

    private (PatternNode? First, PatternNode? Last) ParseSequence()
    {
        PatternNode? first = null, last = null;
        while (position < pattern.Length && pattern[position] is not ('|' or ')'))
        {
            var (head, tail) = ParseTerm();
            if (last is null)
            {
                first = head;
            }
            else
            {
                last.Next = head;
            }

            last = tail;
        }

        return (first, last);
    }

    private (PatternNode First, PatternNode Last) ParseTerm()
    {
        if (pattern[position] == '(')
        {
            return ParseGroup();
        }

        if (pattern[position] is '^' or '$')
        {
            var anchor = new AnchorNode(pattern[position++] == '$');
            return (anchor, anchor);
        }

        var set = ParseSet();
        var (min, max, lazy, possessive) = ParseQuantifier();
        var node = new RepeatNode(set, min, max, lazy, possessive);
        return (node, node);
    }

    private (PatternNode First, PatternNode Last) ParseGroup()
    {
        var savedCase = ignoreCase;
        position++;
        bool? negativeLookAhead = null;
        if (Accept("?:"))
        {
        }
        else if (Accept("?i:"))
        {
            ignoreCase = true;
        }
        else if (Accept("?="))
        {
            negativeLookAhead = false;
        }
        else if (Accept("?!"))
        {
            negativeLookAhead = true;
        }
        else if (position < pattern.Length && pattern[position] == '?')
        {
            throw Unsupported("this kind of group");
        }

        var (first, last) = ParseAlternation();
        if (!Accept(")"))
        {
            throw Unsupported("an unclosed group");
        }

        ignoreCase = savedCase;
        if (negativeLookAhead is { } negative)
        {
            last.Next = new AcceptNode();
            var look = new LookAheadNode(first, negative);
            return (look, look);
        }

        var quantifier = ParseQuantifier();
        switch (quantifier)
        {
            case (1, 1, _, _):
                return (first, last);
            case (0, 1, var lazy, false):
                var heads = new List<PatternNode>();
                var optional = new AlternationNode(heads);
                var join = new JoinNode(optional);
                last.Next = join;
                heads.AddRange(lazy ? [join, first] : [first, join]);
                return (optional, optional);
            default:
                throw Unsupported("repetition of a group");
        }
    }

    private (int Min, int Max, bool Lazy, bool Possessive) ParseQuantifier()
    {
        int min = 1, max = 1;
        if (position >= pattern.Length)
        {
            return (min, max, false, false);
        }

        switch (pattern[position])
        {
            case '*':
                (min, max) = (0, int.MaxValue);
                position++;
                break;
            case '+':
                (min, max) = (1, int.MaxValue);
                position++;
                break;
            case '?':
                (min, max) = (0, 1);
                position++;
                break;
            case '{':
                var close = pattern.IndexOf('}', position);
                var bounds = close < 0 ? [] : pattern[(position + 1)..close].Split(',');
                if (bounds.Length is not (1 or 2) || !int.TryParse(bounds[0], NumberStyles.None, CultureInfo.InvariantCulture, out min))
                {
                    throw Unsupported("this repetition");
                }

                max = min;
                if (bounds.Length == 2 && !int.TryParse(bounds[1], NumberStyles.None, CultureInfo.InvariantCulture, out max))
                {
                    max = bounds[1].Length == 0 ? int.MaxValue : throw Unsupported("this repetition");
                }

                position = close + 1;
                // In Oniguruma's syntax {n,m}+ is a repetition of a repetition, not a possessive one.
                return Accept("?") ? (min, max, true, false) : (min, max, false, false);
            default:
                return (min, max, false, false);
        }

        return Accept("?") ? (min, max, true, false) : Accept("+") ? (min, max, false, true) : (min, max, false, false);
    }

    private CharacterSet ParseSet()
    {
        if (pattern[position] == '[')
        {
            return ParseBracket();
        }

        if (pattern[position] == '.')
        {
            position++;
            return new CharacterSet([new CharacterSet.Range('\n', '\n')], negated: true);
        }

        if (pattern[position] is '*' or '+' or '?')
        {
            throw Unsupported("a repetition of nothing");
        }

        var items = new List<CharacterSet.Item>();
        if (TryParseClass(out var shorthand))
        {
            items.Add(shorthand);
        }
        else
        {
            var point = ParseScalar();
            AddRange(items, point, point);
        }

        return new CharacterSet(items, negated: false);
    }

    private CharacterSet ParseBracket()
    {
        position++;
        var negated = Accept("^");
        var items = new List<CharacterSet.Item>();
        for (var first = true; ; first = false)
        {
            if (position >= pattern.Length)
            {
                throw Unsupported("an unclosed set");
            }

            if (pattern[position] == ']' && !first)
            {
                position++;
                return new CharacterSet(items, negated);
            }

            if (pattern[position] == '[')
            {
                items.Add(new CharacterSet.Nested(ParseBracket()));
            }
            else if (string.CompareOrdinal(pattern, position, "&&", 0, 2) == 0)
            {
                throw Unsupported("an intersection of sets");
            }
            else if (TryParseClass(out var shorthand))
            {
                items.Add(shorthand);
            }
            else
            {
                var low = ParseScalar();
                var high = low;
                if (position + 1 < pattern.Length && pattern[position] == '-' && pattern[position + 1] != ']')
                {
                    position++;
                    high = ParseScalar();
                }

                AddRange(items, low, high);
            }
        }
    }

    private void AddRange(List<CharacterSet.Item> items, int low, int high)
    {
        items.Add(new CharacterSet.Range(low, high));
        if (!ignoreCase)
        {
            return;
        }

        for (var point = low; point <= Math.Min(high, low + 0x200); point++)
        {
            var rune = new Rune(point);
            foreach (var other in (ReadOnlySpan<int>)[Rune.ToLowerInvariant(rune).Value, Rune.ToUpperInvariant(rune).Value, Fold(point)])
            {
                if (other != point && other != 0)
                {
                    items.Add(new CharacterSet.Range(other, other));
                }
            }
        }
    }

    /// <summary>Characters outside ASCII that fold to an ASCII letter: the long s and the Kelvin sign.</summary>
    private static int Fold(int point) => point switch { 's' or 'S' => 0x17F, 'k' or 'K' => 0x212A, _ => 0 };

    private bool TryParseClass(out CharacterSet.Item item)
    {
        item = null!;
        if (pattern[position] != '\\' || position + 1 >= pattern.Length)
        {
            return false;
        }

        var kind = pattern[position + 1];
        switch (kind)
        {
            case 's' or 'S':
                item = new CharacterSet.Space(kind == 'S');
                break;
            case 'd' or 'D':
                item = Named("Nd", kind == 'D');
                break;
            case 'w' or 'W':
                CharacterSet.TryGetCategoryMask("L", out var letters);
                CharacterSet.TryGetCategoryMask("M", out var marks);
                CharacterSet.TryGetCategoryMask("Nd", out var digits);
                item = new CharacterSet.Category(letters | marks | digits | (1 << (int)UnicodeCategory.ConnectorPunctuation), kind == 'W');
                break;
            case 'p' or 'P':
                var close = pattern.IndexOf('}', position);
                if (position + 2 >= pattern.Length || pattern[position + 2] != '{' || close < 0)
                {
                    throw Unsupported("\\p without braces");
                }

                var name = pattern[(position + 3)..close];
                var negated = kind == 'P';
                if (name.StartsWith('^'))
                {
                    (name, negated) = (name[1..], !negated);
                }

                item = Named(name, negated);
                position = close + 1;
                return true;
            default:
                return false;
        }

        position += 2;
        return true;
    }

    private CharacterSet.Category Named(string name, bool negated)
        => CharacterSet.TryGetCategoryMask(name, out var mask) ? new CharacterSet.Category(mask, negated) : throw Unsupported($"\\p{{{name}}}");

    private int ParseScalar()
    {
        if (position >= pattern.Length)
        {
            throw Unsupported("an unfinished set");
        }

        if (pattern[position] != '\\')
        {
            var rune = Rune.GetRuneAt(pattern, position);
            position += rune.Utf16SequenceLength;
            return rune.Value;
        }

        position++;
        var escaped = position < pattern.Length ? pattern[position++] : throw Unsupported("a trailing backslash");
        switch (escaped)
        {
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'f':
                return '\f';
            case 'v':
                return '\v';
            case 'u' when position + 4 <= pattern.Length && int.TryParse(pattern.AsSpan(position, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var four):
                position += 4;
                return four;
            case 'x' when position < pattern.Length && pattern[position] == '{' && pattern.IndexOf('}', position) is var close and > 0
                && int.TryParse(pattern.AsSpan(position + 1, close - position - 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var many):
                position = close + 1;
                return many;
            case 'x' when position + 2 <= pattern.Length && int.TryParse(pattern.AsSpan(position, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var two):
                position += 2;
                return two;
            default:
                return char.IsAsciiLetterOrDigit(escaped) ? throw Unsupported($"\\{escaped}") : escaped;
        }
    }

    private bool Accept(string expected)
    {
        if (string.CompareOrdinal(pattern, position, expected, 0, expected.Length) != 0)
        {
            return false;
        }

        position += expected.Length;
        return true;
    }

    private TokenizerFormatException Unsupported(string what)
        => new($"tokenizer.json: the split pattern {pattern} has {what} at {position}, which is not supported");
}
