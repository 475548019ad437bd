using System.Text;
using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;
using Octavo.ServingRuntime.Engine.StructuredOutput.Masks;

namespace Octavo.ServingRuntime.Engine.StructuredOutput;

/// <summary>Text that the model writes freely, watched for triggers by the automaton of Aho and Corasick. Any bytes and any added tokens may come; a trigger that is an added token is also met as that token.</summary>
internal sealed class FreeText(TokenVocabulary vocabulary, CompileBudget budget)
{
    private readonly List<int[]> children = [];
    private readonly List<int> fallback = [];
    private readonly List<int> triggerAt = [];

    /// <summary>Up to and with the first occurrence of the trigger.</summary>
    public GrammarNode Until(string trigger)
    {
        Build([trigger]);
        var edges = new List<(int, GrammarNode, int)>();
        var done = children.Count;
        AddEdges(edges, [trigger], _ => (GrammarNode.Empty, done));
        return new GrammarNode.Graph(done + 1, edges, [done]);
    }

    /// <summary>Free text in which each trigger is followed by its continuation.</summary>
    public GrammarNode Triggered(IReadOnlyList<(string Trigger, GrammarNode Continuation)> parts)
    {
        var triggers = parts.Select(p => p.Trigger).ToList();
        Build(triggers);
        var edges = new List<(int, GrammarNode, int)>();
        AddEdges(edges, triggers, i => (parts[i].Continuation, 0));
        var free = Enumerable.Range(0, children.Count).Where(node => triggerAt[node] < 0).ToList();
        return new GrammarNode.Graph(children.Count, edges, free);
    }

    private void Build(IReadOnlyList<string> triggers)
    {
        AddNode();
        for (var i = 0; i < triggers.Count; i++)
        {
            var bytes = Encoding.UTF8.GetBytes(triggers[i]);
            if (bytes.Length == 0)
            {
                throw new GrammarException("a trigger is empty");
            }

            var node = 0;
            foreach (var value in bytes)
            {
                if (children[node][value] < 0)
                {
                    var added = AddNode();
                    children[node][value] = added;
                }

                node = children[node][value];
            }

            triggerAt[node] = triggerAt[node] < 0 ? i : throw new GrammarException($"the trigger '{triggers[i]}' is given twice");
        }

        // Breadth first: the fallback of a node is shorter, so it is complete already.
        var queue = new Queue<int>();
        for (var value = 0; value < 256; value++)
        {
            var child = children[0][value];
            if (child < 0)
            {
                children[0][value] = 0;
            }
            else
            {
                queue.Enqueue(child);
            }
        }

        while (queue.TryDequeue(out var node))
        {
            budget.Spend(256);
            if (triggerAt[node] < 0)
            {
                triggerAt[node] = triggerAt[fallback[node]];
            }

            for (var value = 0; value < 256; value++)
            {
                var child = children[node][value];
                var other = children[fallback[node]][value];
                if (child < 0)
                {
                    children[node][value] = other;
                }
                else
                {
                    fallback[child] = other;
                    queue.Enqueue(child);
                }
            }
        }
    }

    private int AddNode()
    {
        budget.SpendState();
        var node = new int[256];
        Array.Fill(node, -1);
        children.Add(node);
        fallback.Add(0);
        triggerAt.Add(-1);
        return children.Count - 1;
    }

    private void AddEdges(List<(int From, GrammarNode Label, int To)> edges, IReadOnlyList<string> triggers, Func<int, (GrammarNode Label, int To)> whenTriggered)
    {
        for (var node = 0; node < children.Count; node++)
        {
            if (triggerAt[node] >= 0)
            {
                var (label, to) = whenTriggered(triggerAt[node]);
                edges.Add((node, label, to));
                continue;
            }

            for (int first = 0, value = 1; value <= 256; value++)
            {
                if (value == 256 || children[node][value] != children[node][first])
                {
                    edges.Add((node, new GrammarNode.ByteRange((byte)first, (byte)(value - 1)), children[node][first]));
                    first = value;
                }
            }

            edges.Add((node, new GrammarNode.AnyAddedToken(), 0));
            for (var i = 0; i < triggers.Count; i++)
            {
                if (vocabulary.TryFindAddedToken(triggers[i], out var at, out var length, out var id) && at == 0 && length == triggers[i].Length)
                {
                    var (label, to) = whenTriggered(i);
                    edges.Add((node, GrammarNode.Row(new GrammarNode.Token(id), label), to));
                }
            }
        }
    }
}
