using System.Globalization;

namespace Octavo.ServingRuntime.Engine.Tokenization.Patterns;

/// <summary>Reads the part of Oniguruma's syntax that tokenizers use: alternation, sets, \p, shorthand classes, repetition of one set, optional groups, (?i:), look-ahead.</summary>
internal sealed class PatternParser(string pattern) : CharacterSetReader(pattern)
{
    public PatternNode Parse()
    {
        var (first, last) = ParseAlternation();
        if (Position < Pattern.Length)
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
        while (Position < Pattern.Length && Pattern[Position] == '|')
        {
            Position++;
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
        while (Position < Pattern.Length && Pattern[Position] is not ('|' or ')'))
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
        if (Pattern[Position] == '(')
        {
            return ParseGroup();
        }

        if (Pattern[Position] is '^' or '$')
        {
            var anchor = new AnchorNode(Pattern[Position++] == '$');
            return (anchor, anchor);
        }

        var set = ParseSet();
        var (min, max, lazy, possessive) = ParseQuantifier();
        var node = new RepeatNode(set, min, max, lazy, possessive);
        return (node, node);
    }

    private (PatternNode First, PatternNode Last) ParseGroup()
    {
        var savedCase = IgnoreCase;
        Position++;
        bool? negativeLookAhead = null;
        if (Accept("?:"))
        {
        }
        else if (Accept("?i:"))
        {
            IgnoreCase = true;
        }
        else if (Accept("?="))
        {
            negativeLookAhead = false;
        }
        else if (Accept("?!"))
        {
            negativeLookAhead = true;
        }
        else if (Position < Pattern.Length && Pattern[Position] == '?')
        {
            throw Unsupported("this kind of group");
        }

        var (first, last) = ParseAlternation();
        if (!Accept(")"))
        {
            throw Unsupported("an unclosed group");
        }

        IgnoreCase = savedCase;
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
        if (Position >= Pattern.Length)
        {
            return (min, max, false, false);
        }

        switch (Pattern[Position])
        {
            case '*':
                (min, max) = (0, int.MaxValue);
                Position++;
                break;
            case '+':
                (min, max) = (1, int.MaxValue);
                Position++;
                break;
            case '?':
                (min, max) = (0, 1);
                Position++;
                break;
            case '{':
                var close = Pattern.IndexOf('}', Position);
                var bounds = close < 0 ? [] : Pattern[(Position + 1)..close].Split(',');
                if (bounds.Length is not (1 or 2) || !int.TryParse(bounds[0], NumberStyles.None, CultureInfo.InvariantCulture, out min))
                {
                    throw Unsupported("this repetition");
                }

                max = min;
                if (bounds.Length == 2 && !int.TryParse(bounds[1], NumberStyles.None, CultureInfo.InvariantCulture, out max))
                {
                    max = bounds[1].Length == 0 ? int.MaxValue : throw Unsupported("this repetition");
                }

                Position = close + 1;
                // In Oniguruma's syntax {n,m}+ is a repetition of a repetition, not a possessive one.
                return Accept("?") ? (min, max, true, false) : (min, max, false, false);
            default:
                return (min, max, false, false);
        }

        return Accept("?") ? (min, max, true, false) : Accept("+") ? (min, max, false, true) : (min, max, false, false);
    }
}
