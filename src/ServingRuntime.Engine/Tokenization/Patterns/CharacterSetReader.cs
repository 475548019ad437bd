using System.Globalization;
using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Patterns;

/// <summary>Where a parser stands in a pattern, and how it reads sets and characters there.</summary>
internal abstract class CharacterSetReader(string pattern)
{
    protected string Pattern => pattern;

    protected int Position { get; set; }

    /// <summary>Inside (?i:.</summary>
    protected bool IgnoreCase { get; set; }

    protected CharacterSet ParseSet()
    {
        if (pattern[Position] == '[')
        {
            return ParseBracket();
        }

        if (pattern[Position] == '.')
        {
            Position++;
            return new CharacterSet([new CharacterSet.Range('\n', '\n')], negated: true);
        }

        if (pattern[Position] is '*' or '+' or '?')
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
        Position++;
        var negated = Accept("^");
        var items = new List<CharacterSet.Item>();
        for (var first = true; ; first = false)
        {
            if (Position >= pattern.Length)
            {
                throw Unsupported("an unclosed set");
            }

            if (pattern[Position] == ']' && !first)
            {
                Position++;
                return new CharacterSet(items, negated);
            }

            if (pattern[Position] == '[')
            {
                items.Add(new CharacterSet.Nested(ParseBracket()));
            }
            else if (string.CompareOrdinal(pattern, Position, "&&", 0, 2) == 0)
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
                if (Position + 1 < pattern.Length && pattern[Position] == '-' && pattern[Position + 1] != ']')
                {
                    Position++;
                    high = ParseScalar();
                }

                AddRange(items, low, high);
            }
        }
    }

    private void AddRange(List<CharacterSet.Item> items, int low, int high)
    {
        items.Add(new CharacterSet.Range(low, high));
        if (!IgnoreCase)
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
        if (pattern[Position] != '\\' || Position + 1 >= pattern.Length)
        {
            return false;
        }

        var kind = pattern[Position + 1];
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
                var close = pattern.IndexOf('}', Position);
                if (Position + 2 >= pattern.Length || pattern[Position + 2] != '{' || close < 0)
                {
                    throw Unsupported("\\p without braces");
                }

                var name = pattern[(Position + 3)..close];
                var negated = kind == 'P';
                if (name.StartsWith('^'))
                {
                    (name, negated) = (name[1..], !negated);
                }

                item = Named(name, negated);
                Position = close + 1;
                return true;
            default:
                return false;
        }

        Position += 2;
        return true;
    }

    private CharacterSet.Category Named(string name, bool negated)
        => CharacterSet.TryGetCategoryMask(name, out var mask) ? new CharacterSet.Category(mask, negated) : throw Unsupported($"\\p{{{name}}}");

    private int ParseScalar()
    {
        if (Position >= pattern.Length)
        {
            throw Unsupported("an unfinished set");
        }

        if (pattern[Position] != '\\')
        {
            var rune = Rune.GetRuneAt(pattern, Position);
            Position += rune.Utf16SequenceLength;
            return rune.Value;
        }

        Position++;
        var escaped = Position < pattern.Length ? pattern[Position++] : throw Unsupported("a trailing backslash");
        if (CharacterSet.TryGetControl(escaped, out var control))
        {
            return control;
        }

        switch (escaped)
        {
            case 'u' when Position + 4 <= pattern.Length && int.TryParse(pattern.AsSpan(Position, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var four):
                Position += 4;
                return four;
            case 'x' when Position < pattern.Length && pattern[Position] == '{' && pattern.IndexOf('}', Position) is var close and > 0
                && int.TryParse(pattern.AsSpan(Position + 1, close - Position - 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var many):
                Position = close + 1;
                return many;
            case 'x' when Position + 2 <= pattern.Length && int.TryParse(pattern.AsSpan(Position, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var two):
                Position += 2;
                return two;
            default:
                return char.IsAsciiLetterOrDigit(escaped) ? throw Unsupported($"\\{escaped}") : escaped;
        }
    }

    protected bool Accept(string expected)
    {
        if (string.CompareOrdinal(pattern, Position, expected, 0, expected.Length) != 0)
        {
            return false;
        }

        Position += expected.Length;
        return true;
    }

    protected TokenizerFormatException Unsupported(string what)
        => new($"tokenizer.json: the split pattern {pattern} has {what} at {Position}, which is not supported");
}
