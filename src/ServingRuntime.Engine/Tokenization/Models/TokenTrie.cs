using System.Numerics;
using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Engine.Tokenization.Models;

/// <summary>A vocabulary as a trie over UTF-16 units; its edges stand in one flat hash table.</summary>
internal sealed class TokenTrie
{
    public const int Root = 0;
    private const ulong Free = ulong.MaxValue;
    private readonly List<int> ids = [-1];
    private ulong[] edges = new ulong[1024];
    private int[] targets = new int[1024];
    private int count;

    public TokenTrie(IEnumerable<KeyValuePair<string, int>> tokens)
    {
        Array.Fill(edges, Free);
        foreach (var (token, id) in tokens)
        {
            var node = Root;
            foreach (var unit in token)
            {
                var next = Next(node, unit);
                node = next >= 0 ? next : AddEdge(node, unit);
            }

            ids[node] = token.Length > 0 ? id : -1;
        }

        nodeIds = [.. ids];
    }

    private readonly int[] nodeIds;

    /// <summary>The token that ends in this node, or -1.</summary>
    public int IdAt(int node) => nodeIds[node];

    /// <summary>The node that a character leads to, or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Next(int node, char unit)
    {
        var key = ((ulong)(uint)node << 16) | unit;
        var table = edges;
        var place = Place(key, table.Length);
        while (true)
        {
            var edge = table[place];
            if (edge == key)
            {
                return targets[place];
            }

            if (edge == Free)
            {
                return -1;
            }

            place = (place + 1) & (table.Length - 1);
        }
    }

    private int AddEdge(int node, char unit)
    {
        if (2 * ++count > edges.Length)
        {
            var (oldEdges, oldTargets) = (edges, targets);
            edges = new ulong[oldEdges.Length * 2];
            targets = new int[oldEdges.Length * 2];
            Array.Fill(edges, Free);
            for (var i = 0; i < oldEdges.Length; i++)
            {
                if (oldEdges[i] != Free)
                {
                    Put(oldEdges[i], oldTargets[i]);
                }
            }
        }

        ids.Add(-1);
        Put(((ulong)(uint)node << 16) | unit, ids.Count - 1);
        return ids.Count - 1;
    }

    private void Put(ulong key, int target)
    {
        var place = Place(key, edges.Length);
        while (edges[place] != Free)
        {
            place = (place + 1) & (edges.Length - 1);
        }

        (edges[place], targets[place]) = (key, target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Place(ulong key, int size) => (int)((key * 0x9E3779B97F4A7C15) >> (64 - BitOperations.Log2((uint)size)));
}
