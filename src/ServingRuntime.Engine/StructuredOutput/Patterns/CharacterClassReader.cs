using System.Globalization;
using System.Text;
using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;
using Octavo.ServingRuntime.Engine.Tokenization.Patterns;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Patterns;

/// <summary>Where a parser stands in a regular expression, and how it reads characters, escapes and classes there.</summary>
internal abstract class CharacterClassReader(string pattern, CompileBudget budget)
{
    private static readonly ScalarSet Digits = ScalarSet.Of(('0', '9'));
    private static readonly ScalarSet WordCharacters = ScalarSet.Of(('0', '9'), ('A', 'Z'), ('a', 'z'), ('_', '_'));
    private static readonly ScalarSet Spaces = ScalarSet.Of((9, 13), (' ', ' '));
    private static readonly ScalarSet AllSpaces = Spaces.Union(ScalarSet.Of(
        (0x1C, 0x1F), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)));

    private static readonly ScalarSet NotLineEnds = ScalarSet.Of(('\n', '\n'), ('\r', '\r'), (0x2028, 0x2029)).Complement();

    protected string Pattern => pattern;

    protected CompileBudget Budget => budget;

    protected int Position { get; set; }

    protected bool IgnoreCase { get; set; }

    protected bool DotMatchesAll { get; set; }

    protected bool AtEnd => Position >= pattern.Length;

    protected char Current => pattern[Position];

    protected bool Accept(string expected)
    {
        if (string.CompareOrdinal(pattern, Position, expected, 0, expected.Length) != 0)
        {
            return false;
        }

        Position += expected.Length;
        return true;
    }

    /// <summary>One set of characters: a dot, a class in brackets, an escape, or a character.</summary>
    protected ScalarSet ParseSet()
    {
        if (Accept("."))
        {
            return DotMatchesAll ? ScalarSet.All : NotLineEnds;
        }

        if (Current == '[')
        {
            return ParseBrackets();
        }

        var set = ParseMember(inBrackets: false).Set;
        return IgnoreCase ? set.IgnoringCase(budget) : set;
    }

    protected GrammarException Error(string what) => new($"regular expression: {what} at position {Position} is not supported");

    private ScalarSet ParseBrackets()
    {
        Position++;
        var negated = Accept("^");
        if (!AtEnd && Current == ']')
        {
            throw Error("an empty class, which Python and ECMAScript read differently,");
        }

        var ranges = new List<(int, int)>();
        while (!Accept("]"))
        {
            budget.Spend();
            var (set, single) = ParseMember(inBrackets: true);
            if (single is { } first && Position + 1 < pattern.Length && Current == '-' && pattern[Position + 1] != ']')
            {
                Position++;
                var (_, last) = ParseMember(inBrackets: true);
                if (last is null || last < first)
                {
                    throw Error("a range that runs backwards or to a class");
                }

                ranges.Add((first, last.Value));
            }
            else
            {
                ranges.AddRange(set.Ranges);
            }
        }

        var members = ScalarSet.Of(ranges);
        // Case before the complement: what is excluded is excluded in both cases.
        members = IgnoreCase ? members.IgnoringCase(budget) : members;
        return negated ? members.Complement() : members;
    }

    private (ScalarSet Set, int? Single) ParseMember(bool inBrackets)
    {
        if (AtEnd)
        {
            throw Error("an unclosed class");
        }

        if (Current != '\\')
        {
            if (!Rune.TryGetRuneAt(pattern, Position, out var rune))
            {
                throw Error("half of a surrogate pair");
            }

            Position += rune.Utf16SequenceLength;
            return (ScalarSet.Of((rune.Value, rune.Value)), rune.Value);
        }

        Position++;
        var escaped = AtEnd ? throw Error("a trailing backslash") : pattern[Position++];
        switch (escaped)
        {
            case 'd':
                return (Digits, null);
            case 'w':
                return (WordCharacters, null);
            case 's':
                return (Spaces, null);
            case 'D':
                return (Category("Nd").Complement(), null);
            case 'W':
                return (Category("L").Union(Category("N")).Union(Category("M")).Union(ScalarSet.Of(('_', '_'))).Complement(), null);
            case 'S':
                return (AllSpaces.Complement(), null);
            case 'p' or 'P':
                return (ParseProperty(escaped == 'P'), null);
            case 'b' or 'B' when !inBrackets:
                throw Error("a word boundary");
            case >= '1' and <= '9' or 'k':
                throw Error("a back-reference");
            default:
                var scalar = ParseEscapedScalar(escaped);
                return (ScalarSet.Of((scalar, scalar)), scalar);
        }
    }

    private int ParseEscapedScalar(char escaped)
    {
        if (CharacterSet.TryGetControl(escaped, out var control))
        {
            return control;
        }

        switch (escaped)
        {
            case 'b':
                return '\b';
            case '0' when AtEnd || !char.IsAsciiDigit(Current):
                return 0;
            case 'x':
                return ParseHex(2);
            case 'u' when Accept("{"):
                var close = pattern.IndexOf('}', Position);
                var digits = close > Position ? close - Position : throw Error("an unfinished \\u{");
                var scalar = ParseHex(digits);
                Position++;
                return scalar;
            case 'u':
                var first = ParseHex(4);
                if (first is >= 0xD800 and <= 0xDBFF && Accept("\\u"))
                {
                    var second = ParseHex(4);
                    return second is >= 0xDC00 and <= 0xDFFF ? char.ConvertToUtf32((char)first, (char)second) : throw Error("half of a surrogate pair");
                }

                return first is >= 0xD800 and <= 0xDFFF ? throw Error("half of a surrogate pair") : first;
            case 'U':
                return ParseHex(8);
            default:
                return char.IsAsciiLetterOrDigit(escaped) ? throw Error($"\\{escaped}") : ReadEscapedRune(escaped);
        }
    }

    private int ReadEscapedRune(char escaped)
    {
        if (!char.IsSurrogate(escaped))
        {
            return escaped;
        }

        if (!Rune.TryGetRuneAt(pattern, Position - 1, out var rune))
        {
            throw Error("half of a surrogate pair");
        }

        Position++;
        return rune.Value;
    }

    private int ParseHex(int digits)
    {
        if (digits <= 8 && Position + digits <= pattern.Length
            && int.TryParse(pattern.AsSpan(Position, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) && value is >= 0 and <= 0x10FFFF)
        {
            Position += digits;
            return value;
        }

        throw Error("a malformed hexadecimal escape");
    }

    private ScalarSet ParseProperty(bool negated)
    {
        var close = pattern.IndexOf('}', Math.Min(Position, pattern.Length));
        if (!Accept("{") || close < 0)
        {
            throw Error("\\p without braces");
        }

        var set = Category(pattern[Position..close]);
        Position = close + 1;
        return negated ? set.Complement() : set;
    }

    private ScalarSet Category(string name)
    {
        if (!CharacterSet.TryGetCategoryMask(name, out var mask))
        {
            throw Error($"the property {name}");
        }

        var ranges = new List<(int, int)>();
        var from = -1;
        budget.Spend(0x110000 / 8);
        for (var scalar = 0; scalar <= 0x110000; scalar++)
        {
            var member = scalar < 0x110000 && ((mask >> (int)CharUnicodeInfo.GetUnicodeCategory(scalar)) & 1) != 0;
            if (member && from < 0)
            {
                from = scalar;
            }
            else if (!member && from >= 0)
            {
                ranges.Add((from, scalar - 1));
                from = -1;
            }
        }

        return ScalarSet.Of(ranges);
    }
}
