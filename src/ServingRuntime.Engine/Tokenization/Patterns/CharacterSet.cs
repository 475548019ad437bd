using System.Globalization;
using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Patterns;

/// <summary>A set of Unicode scalar values: ranges, general categories and shorthand classes, possibly negated. ASCII answers come from a table.</summary>
internal sealed class CharacterSet
{
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
