using System.Globalization;
using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Patterns;

/// <summary>A set of Unicode scalar values: ranges, general categories and shorthand classes, possibly negated. ASCII answers come from a table.</summary>
internal sealed class CharacterSet
{
    public static readonly CharacterSet Empty = new([], negated: false);
    public static readonly CharacterSet LineFeed = new([new Range('\n', '\n')], negated: false);
    public static readonly CharacterSet HexDigit = new([new Range('0', '9'), new Range('A', 'F'), new Range('a', 'f')], negated: false);

    /// <summary>Oniguruma's \w: letters, marks, decimal digits and connectors, with the letter numbers, circled letters and, by an old habit of it, the superscripts and fractions of Latin-1.</summary>
    public static readonly CharacterSet Word = new(
        [
            new Category(Masks("L", "M", "Nd", "Nl", "Pc"), Negated: false), new Range(0xB2, 0xB3), new Range(0xB9, 0xB9), new Range(0xBC, 0xBE), new Range(0x24B6, 0x24E9),
            new Range(0x1F130, 0x1F149), new Range(0x1F150, 0x1F169), new Range(0x1F170, 0x1F189),
        ],
        negated: false);

    /// <summary>The \w of Rust's regular expressions, which added tokens and the Whitespace pre-tokenizer go by: with the two joiners and without that habit.</summary>
    public static readonly CharacterSet RustWord = new(
        [
            new Category(Masks("L", "M", "Nd", "Nl", "Pc"), Negated: false), new Range(0x24B6, 0x24E9), new Range(0x200C, 0x200D),
            new Range(0x1F130, 0x1F149), new Range(0x1F150, 0x1F169), new Range(0x1F170, 0x1F189),
        ],
        negated: false);

    public static readonly CharacterSet WhiteSpace = new([new Space(Negated: false)], negated: false);
    public static readonly CharacterSet RustWordOrSpace = new([new Nested(RustWord), new Nested(WhiteSpace)], negated: false);

    /// <summary>Numbers of all kinds as Rust's standard library knows them, with those of Unicode 17.</summary>
    public static readonly CharacterSet RustNumber = new([new Category(Masks("N"), Negated: false), new Range(0x11DE0, 0x11DE9), new Range(0x16FF4, 0x16FF6)], negated: false);

    private readonly bool[] ascii = new bool[128];
    private readonly IReadOnlyList<Item> items;
    private readonly bool negated;

    public CharacterSet(IReadOnlyList<Item> items, bool negated)
    {
        this.items = items;
        this.negated = negated;
        for (var point = 0; point < ascii.Length; point++)
        {
            ascii[point] = Evaluate(point);
        }
    }

    public CharacterSet Negate() => new(items, !negated);

    /// <summary>Whether both are written alike; two that are not may still hold the same characters.</summary>
    public bool IsSame(CharacterSet other) => negated == other.negated && items.SequenceEqual(other.items);

    public bool Contains(int point) => point < 128 ? ascii[point] : Evaluate(point);

    private bool Evaluate(int point)
    {
        foreach (var item in items)
        {
            if (item.Contains(point))
            {
                return !negated;
            }
        }

        return negated;
    }

    /// <summary>One member of a set.</summary>
    public abstract record Item
    {
        public abstract bool Contains(int point);
    }

    public sealed record Range(int First, int Last) : Item
    {
        public override bool Contains(int point) => point >= First && point <= Last;
    }

    /// <param name="Mask">Bit n stands for the general category with number n.</param>
    /// <param name="Negated">For \P.</param>
    public sealed record Category(int Mask, bool Negated) : Item
    {
        public override bool Contains(int point) => ((Mask >> (int)CharUnicodeInfo.GetUnicodeCategory(point)) & 1) != 0 != Negated;
    }

    /// <summary>The White_Space property.</summary>
    public sealed record Space(bool Negated) : Item
    {
        public override bool Contains(int point) => Rune.IsWhiteSpace(new Rune(point)) != Negated;
    }

    public sealed record Nested(CharacterSet Set) : Item
    {
        public override bool Contains(int point) => Set.Contains(point);
    }

    /// <summary>The control character of \n, \r, \t, \f or \v.</summary>
    public static bool TryGetControl(char escaped, out int scalar)
    {
        scalar = escaped switch { 'n' => '\n', 'r' => '\r', 't' => '\t', 'f' => '\f', 'v' => '\v', _ => -1 };
        return scalar >= 0;
    }

    /// <summary>The mask of a category's name as patterns write it ("L", "Lu", "N").</summary>
    public static bool TryGetCategoryMask(string name, out int mask)
    {
        mask = name switch
        {
            "Lu" => Bit(UnicodeCategory.UppercaseLetter),
            "Ll" => Bit(UnicodeCategory.LowercaseLetter),
            "Lt" => Bit(UnicodeCategory.TitlecaseLetter),
            "Lm" => Bit(UnicodeCategory.ModifierLetter),
            "Lo" => Bit(UnicodeCategory.OtherLetter),
            "L" => Span(UnicodeCategory.UppercaseLetter, UnicodeCategory.OtherLetter),
            "Mn" => Bit(UnicodeCategory.NonSpacingMark),
            "Mc" => Bit(UnicodeCategory.SpacingCombiningMark),
            "Me" => Bit(UnicodeCategory.EnclosingMark),
            "M" => Span(UnicodeCategory.NonSpacingMark, UnicodeCategory.EnclosingMark),
            "Nd" => Bit(UnicodeCategory.DecimalDigitNumber),
            "Nl" => Bit(UnicodeCategory.LetterNumber),
            "No" => Bit(UnicodeCategory.OtherNumber),
            "N" => Span(UnicodeCategory.DecimalDigitNumber, UnicodeCategory.OtherNumber),
            "Zl" => Bit(UnicodeCategory.LineSeparator),
            "Zp" => Bit(UnicodeCategory.ParagraphSeparator),
            "Co" => Bit(UnicodeCategory.PrivateUse),
            "Cn" => Bit(UnicodeCategory.OtherNotAssigned),
            "Pc" => Bit(UnicodeCategory.ConnectorPunctuation),
            "Pd" => Bit(UnicodeCategory.DashPunctuation),
            "Ps" => Bit(UnicodeCategory.OpenPunctuation),
            "Pe" => Bit(UnicodeCategory.ClosePunctuation),
            "Pi" => Bit(UnicodeCategory.InitialQuotePunctuation),
            "Pf" => Bit(UnicodeCategory.FinalQuotePunctuation),
            "Po" => Bit(UnicodeCategory.OtherPunctuation),
            "Sm" => Bit(UnicodeCategory.MathSymbol),
            "Sc" => Bit(UnicodeCategory.CurrencySymbol),
            "Sk" => Bit(UnicodeCategory.ModifierSymbol),
            "So" => Bit(UnicodeCategory.OtherSymbol),
            "Zs" => Bit(UnicodeCategory.SpaceSeparator),
            "Z" => Span(UnicodeCategory.SpaceSeparator, UnicodeCategory.ParagraphSeparator),
            "Cc" => Bit(UnicodeCategory.Control),
            "Cf" => Bit(UnicodeCategory.Format),
            "C" => Span(UnicodeCategory.Control, UnicodeCategory.PrivateUse) | Bit(UnicodeCategory.OtherNotAssigned),
            "P" => Span(UnicodeCategory.ConnectorPunctuation, UnicodeCategory.OtherPunctuation),
            "S" => Span(UnicodeCategory.MathSymbol, UnicodeCategory.OtherSymbol),
            _ => 0,
        };
        return mask != 0;
    }

    private static int Masks(params ReadOnlySpan<string> names)
    {
        var all = 0;
        foreach (var name in names)
        {
            TryGetCategoryMask(name, out var mask);
            all |= mask;
        }

        return all;
    }

    private static int Bit(UnicodeCategory category) => 1 << (int)category;

    private static int Span(UnicodeCategory first, UnicodeCategory last)
    {
        var mask = 0;
        for (var category = first; category <= last; category++)
        {
            mask |= Bit(category);
        }

        return mask;
    }
}
