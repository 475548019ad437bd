using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Ebnf;

/// <summary>llama.cpp's GBNF, and the same language as xgrammar writes it: <c>root ::= "yes" | [0-9]+ other{2,3}</c>. A rule ends where the next one begins.</summary>
internal sealed class GbnfParser(string text, GrammarRules rules) : GrammarTextParser(text, rules)
{
    public GrammarNode Parse()
    {
        SkipBlanks();
        while (!AtEnd)
        {
            var name = TryReadName() ?? throw Error("a rule's name is expected");
            SkipBlanks();
            Expect("::=");
            Define(name, ParseAlternatives(0));
            SkipBlanks();
        }

        return Finish("root");
    }

    protected override void SkipBlanks()
    {
        while (!AtEnd && (char.IsWhiteSpace(Current) || Current == '#'))
        {
            if (Current == '#')
            {
                var end = Text.IndexOf('\n', Position);
                Position = end < 0 ? Text.Length : end;
            }
            else
            {
                Position++;
            }
        }
    }

    protected override GrammarNode? ParseAtom(int depth)
    {
        switch (Current)
        {
            case '"':
                return ParseLiteral();
            case '[':
                return ParseClass();
            case '.':
                Position++;
                return new GrammarNode.Scalars(ScalarSet.All);
            case '(':
                Position++;
                SkipBlanks();
                if (!AtEnd && Current == '=')
                {
                    throw Error("a look-ahead is not supported");
                }

                var group = ParseAlternatives(depth + 1);
                SkipBlanks();
                Expect(")");
                return group;
            case '|' or ')':
                return null;
        }

        var start = Position;
        var name = TryReadName() ?? throw Error($"'{Current}' is not expected here");
        var end = Position;
        SkipBlanks();
        if (string.CompareOrdinal(Text, Position, "::=", 0, 3) == 0)
        {
            Position = start;
            return null;
        }

        if (!AtEnd && Current == '(' && Position == end)
        {
            throw Error($"the macro {name}(...) is not supported");
        }

        Position = end;
        return new GrammarNode.Rule(Reference(name));
    }

    protected override (int Min, int? Max)? ParseOwnRepetition()
    {
        if (!Accept("{"))
        {
            return null;
        }

        SkipBlanks();
        var min = !AtEnd && Current == ',' ? 0 : ReadNumber();
        int? max = min;
        SkipBlanks();
        if (Accept(","))
        {
            SkipBlanks();
            max = !AtEnd && Current == '}' ? null : ReadNumber();
            SkipBlanks();
        }

        Expect("}");
        return (min, max);
    }

    private GrammarNode.Scalars ParseClass()
    {
        Position++;
        var negated = Accept("^");
        var ranges = new List<(int, int)>();
        while (!Accept("]"))
        {
            Rules.Budget.Spend();
            var first = ReadScalar();
            var last = first;
            if (Position + 1 < Text.Length && Current == '-' && Text[Position + 1] != ']')
            {
                Position++;
                last = ReadScalar();
            }

            ranges.Add(first <= last ? (first, last) : throw Error("a range that runs backwards"));
        }

        var set = ScalarSet.Of(ranges);
        return new GrammarNode.Scalars(negated ? set.Complement() : set);
    }
}
