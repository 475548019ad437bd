using System.Globalization;
using System.Text;
using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Ebnf;

/// <summary>What the dialects share: the place in the text, names, literals, alternatives, sequences and repetition, and rules that are used before they are defined.</summary>
internal abstract class GrammarTextParser(string text, GrammarRules rules)
{
    private readonly Dictionary<string, int> ids = new(StringComparer.Ordinal);
    private readonly HashSet<string> defined = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> firstUse = new(StringComparer.Ordinal);

    protected string Text => text;

    protected int Position { get; set; }

    protected GrammarRules Rules => rules;

    protected bool AtEnd => Position >= text.Length;

    protected char Current => text[Position];

    /// <summary>Skips white space and comments, within the line where a new line would end the rule.</summary>
    protected abstract void SkipBlanks();

    /// <summary>One element without its repetition; null where the sequence ends here.</summary>
    protected abstract GrammarNode? ParseAtom(int depth);

    /// <summary>A repetition of this dialect alone; null where there is none.</summary>
    protected abstract (int Min, int? Max)? ParseOwnRepetition();

    /// <summary>Behind an alternative.</summary>
    protected virtual void SkipAlias()
    {
    }

    protected bool Accept(string expected)
    {
        if (string.CompareOrdinal(text, Position, expected, 0, expected.Length) != 0)
        {
            return false;
        }

        Position += expected.Length;
        return true;
    }

    protected void Expect(string expected)
    {
        if (!Accept(expected))
        {
            throw Error($"'{expected}' is expected");
        }
    }

    protected GrammarException Error(string what)
    {
        var before = text.AsSpan(0, Math.Min(Position, text.Length));
        return new GrammarException($"grammar, line {before.Count('\n') + 1}, column {before.Length - before.LastIndexOf('\n')}: {what}");
    }

    protected int Reference(string name)
    {
        if (!ids.TryGetValue(name, out var id))
        {
            id = rules.Declare(name);
            ids[name] = id;
            firstUse[name] = Position;
        }

        return id;
    }

    protected void Define(string name, GrammarNode body)
    {
        var id = Reference(name);
        if (!defined.Add(name))
        {
            throw Error($"rule '{name}' is defined twice");
        }

        rules.Define(id, DirectLeftRecursion.Remove(id, body));
    }

    /// <summary>The whole grammar once all is read.</summary>
    protected GrammarNode Finish(string root)
    {
        foreach (var (name, _) in ids)
        {
            if (!defined.Contains(name))
            {
                Position = firstUse[name];
                throw Error($"rule '{name}' is not defined");
            }
        }

        return defined.Contains(root) ? new GrammarNode.Rule(ids[root]) : throw new GrammarException($"grammar: there is no rule '{root}' to start from");
    }

    protected GrammarNode ParseAlternatives(int depth)
    {
        rules.Budget.CheckDepth(depth, $"position {Position} of the grammar");
        var options = new List<GrammarNode>();
        do
        {
            var parts = new List<GrammarNode>();
            SkipBlanks();
            while (!AtEnd && ParseAtom(depth) is { } atom)
            {
                parts.Add(ParseRepetition(atom));
                SkipBlanks();
            }

            SkipAlias();
            options.Add(GrammarNode.Row(parts));
        }
        while (AcceptBar());
        return GrammarNode.Any(options);
    }

    protected virtual bool AcceptBar()
    {
        SkipBlanks();
        return Accept("|");
    }

    protected string? TryReadName()
    {
        var start = Position;
        while (!AtEnd && (char.IsAsciiLetterOrDigit(Current) || Current is '_' or '-' or '.'))
        {
            Position++;
        }

        return Position > start ? text[start..Position] : null;
    }

    protected int ReadNumber()
    {
        var start = Position;
        while (!AtEnd && char.IsAsciiDigit(Current))
        {
            Position++;
        }

        return int.TryParse(text.AsSpan(start, Position - start), NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= 1_000_000
            ? value
            : throw Error("a number up to 1000000 is expected");
    }

    /// <summary>A quoted literal; the opening quote is next.</summary>
    protected GrammarNode ParseLiteral()
    {
        var quote = Current;
        Position++;
        var value = new StringBuilder();
        while (!AtEnd && Current != quote)
        {
            value.Append(Rune.TryCreate(ReadScalar(), out var rune) ? rune.ToString() : throw Error("half of a surrogate pair"));
        }

        Expect(quote.ToString());
        return GrammarNode.Text(value.ToString());
    }

    /// <summary>One character, perhaps escaped.</summary>
    protected int ReadScalar()
    {
        if (AtEnd)
        {
            throw Error("an unfinished literal");
        }

        if (Current != '\\')
        {
            var rune = Rune.TryGetRuneAt(text, Position, out var found) ? found : throw Error("half of a surrogate pair");
            Position += rune.Utf16SequenceLength;
            return rune.Value;
        }

        Position++;
        var escaped = AtEnd ? throw Error("an unfinished escape") : text[Position++];
        return escaped switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'f' => '\f',
            'v' => '\v',
            'b' => '\b',
            '0' => 0,
            'x' => ReadHex(2),
            'u' => ReadHex(4),
            'U' => ReadHex(8),
            _ => char.IsAsciiLetterOrDigit(escaped) ? throw Error($"the escape \\{escaped} is not supported") : escaped,
        };
    }

    private int ReadHex(int digits)
    {
        if (Position + digits > text.Length
            || !int.TryParse(text.AsSpan(Position, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) || !Rune.IsValid(value))
        {
            throw Error("a malformed hexadecimal escape");
        }

        Position += digits;
        return value;
    }

    private GrammarNode ParseRepetition(GrammarNode atom)
    {
        while (true)
        {
            SkipBlanks();
            (int Min, int? Max)? bounds = Accept("*") ? (0, null) : Accept("+") ? (1, null) : Accept("?") ? (0, 1) : ParseOwnRepetition();
            if (bounds is not var (min, max))
            {
                return atom;
            }

            atom = max >= min || max is null ? new GrammarNode.Repeat(atom, min, max) : throw Error("a repetition whose least number is greater than its most");
        }
    }
}
