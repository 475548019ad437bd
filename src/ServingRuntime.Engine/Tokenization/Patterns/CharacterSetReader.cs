using System.Globalization;
using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Patterns;

/// <summary>Where a parser stands in a pattern, and how it reads sets and characters there.</summary>
internal abstract class CharacterSetReader(string pattern)
{
    /// <summary>No character beyond has upper and lower case.</summary>
    private const int LastCased = 0x1E943;
    private const int MostNesting = 50;
    private int nesting;

    protected string Pattern => pattern;

    protected int Position { get; set; }

    /// <summary>Inside (?i:.</summary>
    protected bool IgnoreCase { get; set; }

    /// <summary>The character that <see cref="ParseSet"/> read last, in lower case; -1 where that was no single character.</summary>
    protected int LastLiteral { get; set; } = -1;

    protected CharacterSet ParseSet()
    {
        LastLiteral = -1;
        if (pattern[Position] == '[')
        {
            return ParseBracket();
        }

        if (pattern[Position] == '.')
        {
            Position++;
            return CharacterSet.LineFeed.Negate();
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
            LastLiteral = Rune.ToLowerInvariant(new Rune(point)).Value;
        }

        return new CharacterSet(items, negated: false);
    }

    private CharacterSet ParseBracket()
    {
        if (++nesting > MostNesting)
        {
            throw Unsupported("sets nested too deeply");
        }

        Position++;
        var negated = Accept("^");
        CharacterSet? before = null;
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
                nesting--;
                return Intersect(before, items, negated);
            }

            if (string.CompareOrdinal(pattern, Position, "[:", 0, 2) == 0)
            {
                throw Unsupported("a POSIX bracket");
            }

            if (pattern[Position] == '[')
            {
                items.Add(new CharacterSet.Nested(ParseBracket()));
            }
            else if (Accept("&&"))
            {
                before = Intersect(before, items, negated: false);
                items = [];
            }
            else if (TryParseClass(out var shorthand))
            {
                items.Add(shorthand);
            }
            else
            {
                ParseRange(items);
            }
        }
    }

    private static CharacterSet Intersect(CharacterSet? before, List<CharacterSet.Item> items, bool negated)
    {
        if (before is null)
        {
            return new CharacterSet(items, negated);
        }

        // a and b is not (not a or not b).
        var neither = new CharacterSet([new CharacterSet.Nested(before.Negate()), new CharacterSet.Nested(new CharacterSet(items, negated: true))], negated: !negated);
        return neither;
    }

    private void ParseRange(List<CharacterSet.Item> items)
    {
        var low = ParseScalar();
        var high = low;
        if (Position + 1 < pattern.Length && pattern[Position] == '-' && pattern[Position + 1] != ']')
        {
            Position++;
            if (pattern[Position] == '[' || TryParseClass(out _))
            {
                throw Unsupported("a range that ends in a class");
            }

            high = ParseScalar();
        }

        if (low > high)
        {
            throw Unsupported("an empty range");
        }

        AddRange(items, low, high);
    }

    private void AddRange(List<CharacterSet.Item> items, int low, int high)
    {
        items.Add(new CharacterSet.Range(low, high));
        if (!IgnoreCase)
        {
            return;
        }

        for (var point = low; point <= Math.Min(high, LastCased); point++)
        {
            if (point is >= 0xD800 and <= 0xDFFF)
            {
                continue;
            }

            if (FoldsToSeveral(point))
            {
                throw Unsupported("a character that is several with ignored case");
            }

            var rune = new Rune(point);
            foreach (var other in (ReadOnlySpan<int>)
                [Rune.ToLowerInvariant(rune).Value, Rune.ToUpperInvariant(rune).Value, Rune.ToLowerInvariant(Rune.ToUpperInvariant(rune)).Value, Fold(point)])
            {
                if (other != 0 && (other < low || other > high))
                {
                    items.Add(new CharacterSet.Range(other, other));
                }
            }
        }
    }

    /// <summary>Sharp s, ligatures and precomposed letters whose case folding is a row of characters, which Oniguruma would match as well.</summary>
    private static bool FoldsToSeveral(int point) => point is 0xDF or 0x130 or 0x149 or 0x1F0 or 0x390 or 0x3B0 or 0x587 or (>= 0x1E96 and <= 0x1E9A) or 0x1E9E or (>= 0xFB00 and <= 0xFB06)
        or (>= 0xFB13 and <= 0xFB17) or (>= 0x1F50 and <= 0x1FFC);

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
                item = new CharacterSet.Nested(kind == 'w' ? CharacterSet.Word : CharacterSet.Word.Negate());
                break;
            case 'h' or 'H':
                item = new CharacterSet.Nested(kind == 'h' ? CharacterSet.HexDigit : CharacterSet.HexDigit.Negate());
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

    private CharacterSet.Item Named(string name, bool negated)
    {
        if (CharacterSet.TryGetCategoryMask(name, out var mask))
        {
            return new CharacterSet.Category(mask, negated);
        }

        return UnicodeSets.Script(name) is { } script
            ? new CharacterSet.Nested(negated ? script.Negate() : script)
            : throw Unsupported($"\\p{{{name}}}");
    }

    private int ParseScalar()
    {
        if (Position >= pattern.Length)
        {
            throw Unsupported("an unfinished set");
        }

        if (pattern[Position] != '\\')
        {
            var rune = Rune.TryGetRuneAt(pattern, Position, out var read) ? read : throw Unsupported("half a surrogate pair");
            Position += rune.Utf16SequenceLength;
            return rune.Value;
        }

        Position++;
        var escaped = Position < pattern.Length ? pattern[Position++] : throw Unsupported("a trailing backslash");
        if (CharacterSet.TryGetControl(escaped, out var control))
        {
            return control;
        }

        var point = escaped switch
        {
            'u' when Position + 4 <= pattern.Length => Hex(Position, 4, Position + 4),
            'x' when Position < pattern.Length && pattern[Position] == '{' && pattern.IndexOf('}', Position) is var close and > 0 => Hex(Position + 1, close - Position - 1, close + 1),
            'x' when Position + 2 <= pattern.Length => Hex(Position, 2, Position + 2),
            _ => char.IsAsciiLetterOrDigit(escaped) ? throw Unsupported($"\\{escaped}") : escaped,
        };
        return Rune.IsValid(point) ? point : throw Unsupported("an escape that is no character");
    }

    private int Hex(int start, int length, int end)
    {
        Position = end;
        return int.TryParse(pattern.AsSpan(start, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw Unsupported("an escape that is no number");
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
