using System.Globalization;

namespace Octavo.ServingRuntime.Engine.Tokenization.Patterns;

/// <summary>
/// Reads Oniguruma's syntax: alternation, sets with intersection, \p, shorthand classes, groups, greedy, lazy and possessive repetition, (?i), look-ahead, look-behind of
/// one character, atomic groups, anchors. What is missing (back references, subexpression calls, \X, \R, \K, \G, POSIX brackets) is refused by name.
/// </summary>
internal sealed class PatternParser(string pattern) : CharacterSetReader(pattern)
{
    private const int MostNesting = 100;
    private const int MostRepeats = 1000;
    private int nesting;

    public PatternSyntax Parse()
    {
        var syntax = ParseAlternation();
        return Position < Pattern.Length ? throw Unsupported("an unbalanced ')'") : syntax;
    }

    private PatternSyntax ParseAlternation()
    {
        if (++nesting > MostNesting)
        {
            throw Unsupported("groups nested too deeply");
        }

        var branches = new List<PatternSyntax> { ParseRow() };
        while (Accept("|"))
        {
            branches.Add(ParseRow());
        }

        nesting--;
        return branches.Count == 1 ? branches[0] : new PatternSyntax.Choice(branches);
    }

    private PatternSyntax ParseRow()
    {
        var parts = new List<PatternSyntax>();
        var before = -1;
        while (Position < Pattern.Length && Pattern[Position] is not ('|' or ')'))
        {
            if (Accept("(?i)"))
            {
                // Holds to the end of the group, alternatives included: they belong to what follows the flag.
                IgnoreCase = true;
                parts.Add(ParseAlternation());
            }
            else
            {
                LastLiteral = -1;
                parts.Add(ParseQuantifiers(ParseAtom()));
                if (IgnoreCase && (before, LastLiteral) is ('s', 's' or 't') or ('f', 'f' or 'i' or 'l'))
                {
                    throw Unsupported("letters that are one ligature with ignored case");
                }

                before = LastLiteral;
            }
        }

        return parts.Count == 1 ? parts[0] : new PatternSyntax.Row(parts);
    }

    private PatternSyntax ParseAtom()
    {
        if (Pattern[Position] == '(')
        {
            return ParseGroup();
        }

        return TryParseAnchor(out var anchor) ? new PatternSyntax.Anchor(anchor) : new PatternSyntax.One(ParseSet());
    }

    private bool TryParseAnchor(out PatternAnchor anchor)
    {
        foreach (var (text, kind) in (ReadOnlySpan<(string, PatternAnchor)>)
        [
            ("^", PatternAnchor.LineStart), ("$", PatternAnchor.LineEnd), (@"\A", PatternAnchor.TextStart), (@"\z", PatternAnchor.TextEnd),
            (@"\Z", PatternAnchor.TextEndOrLastLine), (@"\b", PatternAnchor.WordBoundary), (@"\B", PatternAnchor.NoWordBoundary),
        ])
        {
            if (Accept(text))
            {
                anchor = kind;
                return true;
            }
        }

        anchor = default;
        return false;
    }

    private PatternSyntax ParseGroup()
    {
        var savedCase = IgnoreCase;
        Position++;
        Func<PatternSyntax, PatternSyntax> wrap = body => body;
        if (Accept("?:"))
        {
        }
        else if (Accept("?i:"))
        {
            IgnoreCase = true;
        }
        else if (Accept("?-i:"))
        {
            IgnoreCase = false;
        }
        else if (Accept("?="))
        {
            wrap = body => new PatternSyntax.LookAhead(body, Negative: false);
        }
        else if (Accept("?!"))
        {
            wrap = body => new PatternSyntax.LookAhead(body, Negative: true);
        }
        else if (Accept("?<="))
        {
            wrap = body => LookBehind(body, negative: false);
        }
        else if (Accept("?<!"))
        {
            wrap = body => LookBehind(body, negative: true);
        }
        else if (Accept("?>"))
        {
            wrap = body => new PatternSyntax.Atomic(body);
        }
        else if (Position < Pattern.Length && Pattern[Position] == '?')
        {
            throw Unsupported("this kind of group");
        }

        var syntax = ParseAlternation();
        if (!Accept(")"))
        {
            throw Unsupported("an unclosed group");
        }

        IgnoreCase = savedCase;
        return wrap(syntax);
    }

    private PatternSyntax LookBehind(PatternSyntax body, bool negative)
        => body is PatternSyntax.One one ? new PatternSyntax.LookBehind(one.Set, negative) : throw Unsupported("a look-behind of more than one character");

    /// <summary>Any number of quantifiers: in Oniguruma's syntax {n,m}+ is a repetition of a repetition, not a possessive one.</summary>
    private PatternSyntax ParseQuantifiers(PatternSyntax atom)
    {
        for (var depth = 0; TryParseBounds(out var min, out var max, out var isInterval); depth++)
        {
            if (atom is PatternSyntax.LookAhead or PatternSyntax.LookBehind or PatternSyntax.Anchor)
            {
                throw Unsupported("repetition of a place between characters");
            }

            if (depth > 4 || (max != int.MaxValue && max > MostRepeats) || min > MostRepeats)
            {
                throw Unsupported("too much repetition");
            }

            var lazy = Accept("?");
            if (lazy && isInterval && min == max)
            {
                throw Unsupported("{n}?");
            }

            atom = new PatternSyntax.Repeat(atom, min, max, lazy, Possessive: !lazy && !isInterval && Accept("+"));
        }

        return atom;
    }

    private bool TryParseBounds(out int min, out int max, out bool isInterval)
    {
        (min, max, isInterval) = (0, int.MaxValue, false);
        if (Accept("*"))
        {
            return true;
        }

        if (Accept("+"))
        {
            min = 1;
            return true;
        }

        if (Accept("?"))
        {
            max = 1;
            return true;
        }

        if (Position >= Pattern.Length || Pattern[Position] != '{')
        {
            return false;
        }

        // Braces that hold no bounds stand for themselves.
        var close = Pattern.IndexOf('}', Position);
        var bounds = close < 0 ? [] : Pattern[(Position + 1)..close].Split(',');
        if (bounds.Length is not (1 or 2) || bounds.All(b => b.Length == 0) || !bounds.All(b => b.All(char.IsAsciiDigit)))
        {
            return false;
        }

        Position = close + 1;
        isInterval = true;
        min = bounds[0].Length == 0 ? 0 : Number(bounds[0]);
        max = bounds.Length == 1 ? min : bounds[1].Length == 0 ? int.MaxValue : Number(bounds[1]);
        return min <= max ? true : throw Unsupported("this repetition");
    }

    private int Number(string digits)
        => int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : throw Unsupported("this repetition");
}
