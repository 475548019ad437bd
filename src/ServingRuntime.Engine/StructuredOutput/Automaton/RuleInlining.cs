using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;

/// <summary>Facts about the rules of a grammar that decide how each is written: size, recursion, and whether it may be empty.</summary>
internal sealed class RuleInlining
{
    /// <summary>Leaves of a repetition that is written out; a longer one is counted.</summary>
    public const int MaxUnrolled = 16;

    private const int MaxInlinedSize = 24;
    private const int Large = 1_000_000;

    private readonly GrammarRules rules;
    private readonly Dictionary<GrammarNode.Repeat, int> repeats = new(ReferenceEqualityComparer.Instance);
    private readonly List<int> sizes = [];
    private readonly List<bool> inlines = [];
    private readonly HashSet<int> measuring = [];
    private readonly bool[] nullable;

    public RuleInlining(GrammarRules rules)
    {
        this.rules = rules;
        for (var id = 0; id < rules.All.Count; id++)
        {
            sizes.Add(-1);
            inlines.Add(false);
        }

        for (var id = 0; id < rules.All.Count; id++)
        {
            Measure(id);
        }

        nullable = new bool[rules.All.Count];
        for (var changed = true; changed;)
        {
            changed = false;
            for (var id = 0; id < nullable.Length; id++)
            {
                if (!nullable[id] && IsNullable(rules.All[id].Body))
                {
                    changed = nullable[id] = true;
                }
            }
        }
    }

    public bool Inlines(int rule) => rule < inlines.Count && inlines[rule];

    public bool IsNullable(GrammarNode node)
    {
        rules.Budget.Spend();
        return node switch
        {
            GrammarNode.Literal literal => literal.Bytes.Length == 0,
            GrammarNode.Sequence sequence => sequence.Parts.All(IsNullable),
            GrammarNode.Alternation alternation => alternation.Options.Any(IsNullable),
            GrammarNode.Repeat repeat => repeat.Min == 0 || IsNullable(repeat.Part),
            GrammarNode.Rule rule => rule.Id < nullable.Length && nullable[rule.Id],
            GrammarNode.Machine machine => machine.Language.States[0].Accepting,
            GrammarNode.Graph graph => IsNullable(graph),
            _ => false,
        };
    }

    /// <summary>Leaves of a node when it is written out, long repetitions counted once.</summary>
    public int SizeOf(GrammarNode node)
    {
        rules.Budget.Spend();
        var size = node switch
        {
            GrammarNode.Literal literal => literal.Bytes.Length,
            GrammarNode.Sequence sequence => sequence.Parts.Sum(p => (long)SizeOf(p)),
            GrammarNode.Alternation alternation => alternation.Options.Sum(o => (long)SizeOf(o)),
            GrammarNode.Repeat repeat => SizeOf(repeat),
            GrammarNode.Rule rule => Measure(rule.Id) && inlines[rule.Id] ? sizes[rule.Id] : 1,
            GrammarNode.Machine machine => machine.Language.States.Count,
            GrammarNode.Graph graph => graph.Edges.Sum(e => (long)SizeOf(e.Label)),
            GrammarNode.Scalars scalars => Math.Min(scalars.Members.Ranges.Count, 4),
            _ => 1L,
        };
        return (int)Math.Min(size, Large);
    }

    private long SizeOf(GrammarNode.Repeat repeat)
    {
        long part = SizeOf(repeat.Part);
        var copies = Math.Max(1, repeat.Max ?? repeat.Min);
        return copies * part is var size && size <= MaxUnrolled ? size : part + 2;
    }

    /// <summary>The rule that stands for a repetition which cannot be counted where it is.</summary>
    public int RuleFor(GrammarNode.Repeat repeat)
    {
        if (!repeats.TryGetValue(repeat, out var id))
        {
            id = rules.Declare("repetition", mayInline: false);
            rules.Define(id, repeat);
            repeats[repeat] = id;
        }

        return id;
    }

    /// <returns>False while the rule is being measured: it recurs, and is called.</returns>
    private bool Measure(int id)
    {
        if (id >= sizes.Count || !measuring.Add(id))
        {
            return false;
        }

        if (sizes[id] < 0)
        {
            sizes[id] = SizeOf(rules.All[id].Body);
            inlines[id] = rules.All[id].MayInline && sizes[id] <= MaxInlinedSize && !Recurs(id);
        }

        measuring.Remove(id);
        return true;
    }

    private bool Recurs(int id)
    {
        var seen = new HashSet<int>();
        var queue = new Stack<GrammarNode>([rules.All[id].Body]);
        while (queue.TryPop(out var node))
        {
            rules.Budget.Spend();
            switch (node)
            {
                case GrammarNode.Sequence sequence:
                    PushAll(queue, sequence.Parts);
                    break;
                case GrammarNode.Alternation alternation:
                    PushAll(queue, alternation.Options);
                    break;
                case GrammarNode.Repeat repeat:
                    queue.Push(repeat.Part);
                    break;
                case GrammarNode.Graph graph:
                    PushAll(queue, graph.Edges.Select(e => e.Label));
                    break;
                case GrammarNode.Rule rule when rule.Id == id:
                    return true;
                case GrammarNode.Rule rule when seen.Add(rule.Id):
                    queue.Push(rules.All[rule.Id].Body);
                    break;
            }
        }

        return false;
    }

    private static void PushAll(Stack<GrammarNode> queue, IEnumerable<GrammarNode> nodes)
    {
        foreach (var node in nodes)
        {
            queue.Push(node);
        }
    }

    private bool IsNullable(GrammarNode.Graph graph)
    {
        var reached = new HashSet<int> { 0 };
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var (from, label, to) in graph.Edges)
            {
                changed |= reached.Contains(from) && !reached.Contains(to) && IsNullable(label) && reached.Add(to);
            }
        }

        return graph.Ends.Any(reached.Contains);
    }
}
