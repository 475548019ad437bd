using System.Diagnostics.CodeAnalysis;

namespace Octavo.ServingRuntime.Engine.StructuredOutput;

/// <summary>Outcomes of compilations, least recently used dropped first. Not thread-safe.</summary>
internal sealed class CompilationCache(long maxBytes)
{
    private const long FailureBytes = 1024;

    private readonly Dictionary<string, LinkedListNode<(string Key, Entry Entry)>> entries = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Key, Entry Entry)> order = new();
    private long bytes;

    public int Count => entries.Count;

    public bool TryGet(string key, [NotNullWhen(true)] out Entry? entry)
    {
        if (!entries.TryGetValue(key, out var node))
        {
            entry = null;
            return false;
        }

        order.Remove(node);
        order.AddFirst(node);
        entry = node.Value.Entry;
        return true;
    }

    public void Add(string key, Entry entry)
    {
        if (entry.Bytes > maxBytes || entries.ContainsKey(key))
        {
            return;
        }

        entries[key] = order.AddFirst((key, entry));
        bytes += entry.Bytes;
        while (bytes > maxBytes && order.Last is { } oldest)
        {
            order.RemoveLast();
            entries.Remove(oldest.Value.Key);
            bytes -= oldest.Value.Entry.Bytes;
        }
    }

    /// <summary>A compiled constraint, or why there is none.</summary>
    internal sealed record Entry(CompiledGrammar? Grammar, GrammarException? Failure)
    {
        public long Bytes => Grammar?.Bytes ?? FailureBytes;
    }
}
