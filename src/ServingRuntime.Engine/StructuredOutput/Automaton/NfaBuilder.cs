using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

/// <summary>
/// Writes one rule as an automaton. Short rules that do not recur are copied in, so that the result is as deterministic as it can be; others are called.
/// Short repetitions are written out, long ones counted; a counted one inside another becomes a rule, because a stack frame has one counter.
/// </summary>
/// <param name="rules">Null: a regular language alone, everything written out.</param>
/// <param name="inlining">Which rules are copied in.</param>
/// <param name="budget">What may be spent.</param>
internal sealed class NfaBuilder(GrammarRules? rules, RuleInlining? inlining, CompileBudget budget)
{
    private const int MaxInlineDepth = 16;

    private readonly Nfa nfa = new(budget);
    private int inlineDepth;

    public Dfa Build(GrammarNode node)
    {
        var start = nfa.AddState();
        var end = nfa.AddState();
        nfa.AddEmpty(Emit(node, start), end);
        return new SubsetConstruction(nfa, end, budget).Run(start);
    }

    /// <returns>The state where the node has been read.</returns>
    private int Emit(GrammarNode node, int from)
    {
        switch (node)
        {
            case GrammarNode.Literal literal:
                foreach (var value in literal.Bytes)
                {
                    from = Step(from, value, value);
                }

                return from;
            case GrammarNode.ByteRange range:
                return Step(from, range.First, range.Last);
            case GrammarNode.Scalars scalars:
                var scalarEnd = nfa.AddState();
                Utf8Ranges.Emit(nfa, from, scalars.Members, scalarEnd);
                return scalarEnd;
            case GrammarNode.Sequence sequence:
                foreach (var part in sequence.Parts)
                {
                    from = Emit(part, from);
                }

                return from;
            case GrammarNode.Alternation alternation:
                var end = nfa.AddState();
                foreach (var option in alternation.Options)
                {
                    var optionStart = nfa.AddState();
                    nfa.AddEmpty(from, optionStart);
                    nfa.AddEmpty(Emit(option, optionStart), end);
                }

                return end;
            case GrammarNode.Repeat repeat:
                return EmitRepeat(repeat, from);
            case GrammarNode.Rule rule:
                return EmitRule(rule, from);
            case GrammarNode.Token token:
                return Step(from, new Symbol(SymbolKind.Token, token.Id));
            case GrammarNode.AnyAddedToken:
                return Step(from, new Symbol(SymbolKind.AnyAddedToken, 0));
            case GrammarNode.Machine machine:
                return EmitMachine(machine, from);
            case GrammarNode.Graph graph:
                return EmitGraph(graph, from);
            default:
                throw new InvalidOperationException($"no grammar node: {node.GetType().Name}");
        }
    }

    private int Step(int from, byte first, byte last)
    {
        var to = nfa.AddState();
        nfa.AddBytes(from, first, last, to);
        return to;
    }

    private int Step(int from, Symbol symbol)
    {
        var to = nfa.AddState();
        nfa.AddSymbol(from, symbol, to);
        return to;
    }

    private int EmitRule(GrammarNode.Rule rule, int from)
    {
        if (rules is null || inlining is null)
        {
            throw new InvalidOperationException("a regular language calls no rules");
        }

        if (inlineDepth >= MaxInlineDepth || !inlining.Inlines(rule.Id))
        {
            return Step(from, new Symbol(SymbolKind.Call, rule.Id));
        }

        inlineDepth++;
        var end = Emit(rules.All[rule.Id].Body, from);
        inlineDepth--;
        return end;
    }

    private int EmitRepeat(GrammarNode.Repeat repeat, int from)
    {
        var (min, max) = (repeat.Min, repeat.Max);
        if (max == 0)
        {
            return from;
        }

        var copies = max ?? min;
        var writtenOut = rules is null || copies <= 1 || (long)copies * inlining!.SizeOf(repeat.Part) <= RuleInlining.MaxUnrolled;
        if (!writtenOut)
        {
            if (nfa.InLoop)
            {
                return Step(from, new Symbol(SymbolKind.Call, inlining!.RuleFor(repeat)));
            }

            var least = inlining!.IsNullable(repeat.Part) ? 0 : min;
            return nfa.AddLoop(from, new CountedLoop(least, max ?? int.MaxValue), start => Emit(repeat.Part, start));
        }

        for (var i = 0; i < min; i++)
        {
            from = Emit(repeat.Part, from);
        }

        if (max is not { } most)
        {
            var loop = nfa.AddState();
            nfa.AddEmpty(from, loop);
            nfa.AddEmpty(Emit(repeat.Part, loop), loop);
            var after = nfa.AddState();
            nfa.AddEmpty(loop, after);
            return after;
        }

        var end = nfa.AddState();
        for (var i = min; i < most; i++)
        {
            nfa.AddEmpty(from, end);
            var next = nfa.AddState();
            nfa.AddEmpty(from, next);
            from = Emit(repeat.Part, next);
        }

        nfa.AddEmpty(from, end);
        return end;
    }

    private int EmitMachine(GrammarNode.Machine machine, int from)
    {
        var states = machine.Language.States;
        var numbers = new int[states.Count];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = nfa.AddState();
        }

        var end = nfa.AddState();
        nfa.AddEmpty(from, numbers[0]);
        for (var i = 0; i < numbers.Length; i++)
        {
            if (states[i].Accepting)
            {
                nfa.AddEmpty(numbers[i], end);
            }

            foreach (var (first, last, to) in states[i].Bytes)
            {
                if (machine.JsonEscaped)
                {
                    Json.JsonEscaping.Emit(nfa, numbers[i], first, last, numbers[to]);
                }
                else
                {
                    nfa.AddBytes(numbers[i], first, last, numbers[to]);
                }
            }
        }

        return end;
    }

    private int EmitGraph(GrammarNode.Graph graph, int from)
    {
        var numbers = new int[graph.StateCount];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = nfa.AddState();
        }

        var end = nfa.AddState();
        nfa.AddEmpty(from, numbers[0]);
        foreach (var (source, label, target) in graph.Edges)
        {
            var edgeStart = nfa.AddState();
            nfa.AddEmpty(numbers[source], edgeStart);
            nfa.AddEmpty(Emit(label, edgeStart), numbers[target]);
        }

        foreach (var last in graph.Ends)
        {
            nfa.AddEmpty(numbers[last], end);
        }

        return end;
    }
}
