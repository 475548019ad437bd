using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Patterns;

/// <summary>
/// Regular expressions in the subset that Python and ECMAScript share. What differs between them is read in the way that both accept: \d, \w and \s are ASCII
/// (\D, \W and \S are none of any script), and the dot is anything but a line terminator. What no automaton can do, or only by guessing, is refused by name.
/// </summary>
internal sealed class RegexParser : CharacterClassReader
{
    private const int MaxRepeat = 1_000_000;

    private RegexParser(string pattern, CompileBudget budget)
        : base(pattern, budget)
    {
    }

    /// <summary>The texts that the expression matches as a whole.</summary>
    /// <exception cref="GrammarException">It is malformed or uses something that is not supported.</exception>
    public static GrammarNode ParseFullMatch(string pattern, CompileBudget budget) => AnchorResolver.FullMatch(new RegexParser(pattern, budget).Parse());

    /// <summary>The texts in which the expression is found, as JSON Schema's <c>pattern</c> means it.</summary>
    /// <exception cref="GrammarException">It is malformed or uses something that is not supported.</exception>
    public static GrammarNode ParseSearch(string pattern, CompileBudget budget) => AnchorResolver.Search(new RegexParser(pattern, budget).Parse());

    private GrammarNode Parse()
    {
        while (Accept("(?i)") || Accept("(?s)"))
        {
            var flag = Pattern[Position - 2];
            IgnoreCase |= flag == 'i';
            DotMatchesAll |= flag == 's';
        }

        var node = ParseAlternation(0);
        return AtEnd ? node : throw Error("an unmatched )");
    }

    private GrammarNode ParseAlternation(int depth)
    {
        Budget.CheckDepth(depth, $"position {Position} of the regular expression");
        var options = new List<GrammarNode>();
        do
        {
            var parts = new List<GrammarNode>();
            while (!AtEnd && Current is not ('|' or ')'))
            {
                parts.Add(ParseQuantified(depth));
            }

            options.Add(GrammarNode.Row(parts));
        }
        while (Accept("|"));
        return GrammarNode.Any(options);
    }

    private GrammarNode ParseQuantified(int depth)
    {
        var atom = ParseAtom(depth);
        while (TryParseQuantifier(out var min, out var max))
        {
            if (atom is AnchorNode)
            {
                throw Error("a repeated anchor");
            }

            // Lazy matching finds another match first, never another set of texts.
            if (!Accept("?") && Accept("+"))
            {
                throw Error("a possessive quantifier");
            }

            atom = new GrammarNode.Repeat(atom, min, max);
            if (!AtEnd && Current is '*' or '+' or '?')
            {
                throw Error("a repeated quantifier");
            }
        }

        return atom;
    }

    private GrammarNode ParseAtom(int depth)
    {
        Budget.Spend();
        switch (Current)
        {
            case '(':
                return ParseGroup(depth);
            case '^':
                Position++;
                return new AnchorNode(IsStart: true);
            case '$':
                Position++;
                return new AnchorNode(IsStart: false);
            case '*' or '+' or '?':
                throw Error("a repetition of nothing");
            case '\\' when Position + 1 < Pattern.Length && Pattern[Position + 1] is 'A' or 'Z' or 'z':
                Position += 2;
                return new AnchorNode(Pattern[Position - 1] == 'A');
            case '{' when LooksLikeQuantifier():
                throw Error("a repetition of nothing");
            default:
                return new GrammarNode.Scalars(ParseSet());
        }
    }

    private GrammarNode ParseGroup(int depth)
    {
        Position++;
        var (savedCase, savedDot) = (IgnoreCase, DotMatchesAll);
        if (Accept("?"))
        {
            ParseGroupKind();
        }

        var node = ParseAlternation(depth + 1);
        if (!Accept(")"))
        {
            throw Error("an unclosed group");
        }

        (IgnoreCase, DotMatchesAll) = (savedCase, savedDot);
        return node;
    }

    private void ParseGroupKind()
    {
        if (Accept(":"))
        {
            return;
        }

        if (Accept("=") || Accept("!"))
        {
            throw Error("a look-ahead");
        }

        if (Accept("<=") || Accept("<!"))
        {
            throw Error("a look-behind");
        }

        if (Accept("P<") || Accept("<"))
        {
            var close = Pattern.IndexOf('>', Position);
            Position = close > Position ? close + 1 : throw Error("an unfinished group name");
            return;
        }

        if (Accept("i:"))
        {
            IgnoreCase = true;
            return;
        }

        if (Accept("s:"))
        {
            DotMatchesAll = true;
            return;
        }

        throw Error(Accept("P=") ? "a back-reference" : Accept(">") ? "an atomic group" : Accept("(") ? "a conditional group" : "this kind of group or flag");
    }

    private bool LooksLikeQuantifier()
    {
        var at = Position + 1;
        while (at < Pattern.Length && (char.IsAsciiDigit(Pattern[at]) || Pattern[at] == ','))
        {
            at++;
        }

        return at > Position + 1 && at < Pattern.Length && Pattern[at] == '}';
    }

    private bool TryParseQuantifier(out int min, out int? max)
    {
        (min, max) = (0, null);
        if (AtEnd)
        {
            return false;
        }

        switch (Current)
        {
            case '*':
                Position++;
                return true;
            case '+':
                Position++;
                min = 1;
                return true;
            case '?':
                Position++;
                max = 1;
                return true;
            case '{' when LooksLikeQuantifier():
                var close = Pattern.IndexOf('}', Position);
                var bounds = Pattern[(Position + 1)..close].Split(',');
                if (bounds.Length > 2 || bounds[0].Length == 0)
                {
                    throw Error("a repetition that Python and ECMAScript read differently");
                }

                min = ReadBound(bounds[0]);
                max = bounds.Length == 1 ? min : bounds[1].Length == 0 ? null : ReadBound(bounds[1]);
                if (max < min)
                {
                    throw Error("a repetition whose least number is greater than its most");
                }

                Position = close + 1;
                return true;
            default:
                return false;
        }
    }

    private int ReadBound(string digits) => digits.Length < 8 && int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture) is <= MaxRepeat and var value
        ? value
        : throw CompileBudget.Exceeded($"repeats something more than {MaxRepeat} times");
}
