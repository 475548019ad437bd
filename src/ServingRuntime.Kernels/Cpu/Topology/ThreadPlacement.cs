namespace Octavo.ServingRuntime.Kernels.Cpu.Topology;

/// <summary>
/// Which node each thread of a team belongs to: in proportion to the nodes' cores, those of one node next to one another. So what a thread touches first lies
/// in the memory of its node, and whoever touches it later is the same thread, or one of the same node.
/// </summary>
internal sealed class ThreadPlacement
{
    private readonly CpuNode[] nodes;

    // [node], then the number of threads.
    private readonly int[] begins;

    private ThreadPlacement(CpuNode[] nodes, int[] begins)
    {
        this.nodes = nodes;
        this.begins = begins;
    }

    /// <summary>Nodes that have a thread.</summary>
    public int Nodes => nodes.Length;

    /// <summary>Null: all are on one node, and the system knows best which processor each is to have.</summary>
    public static ThreadPlacement? Of(CpuTopology topology, int threads)
    {
        var nodes = new List<CpuNode>();
        var begins = new List<int>();
        long before = 0, cores = topology.Cores;
        foreach (var node in topology.Nodes)
        {
            int begin = (int)(before * threads / cores), end = (int)((before + node.Cores) * threads / cores);
            before += node.Cores;
            if (begin < end)
            {
                nodes.Add(node);
                begins.Add(begin);
            }
        }

        return nodes.Count > 1 ? new ThreadPlacement([.. nodes], [.. begins, threads]) : null;
    }

    public CpuNode NodeOf(int thread) => nodes[IndexOf(thread)];

    /// <summary>The threads of the same node, itself among them.</summary>
    public (int Begin, int End) Neighbours(int thread)
    {
        var node = IndexOf(thread);
        return (begins[node], begins[node + 1]);
    }

    /// <summary>Keeps the calling thread on the processors of its node.</summary>
    public void Pin(int thread) => _ = CpuAffinity.Pin(NodeOf(thread).Cpus);

    private int IndexOf(int thread)
    {
        var node = 0;
        while (thread >= begins[node + 1])
        {
            node++;
        }

        return node;
    }
}
