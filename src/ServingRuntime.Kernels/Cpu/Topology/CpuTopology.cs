using System.Globalization;

namespace Octavo.ServingRuntime.Kernels.Cpu.Topology;

/// <summary>The processors that a process may use: which memory they are near to, and how much of their time it gets.</summary>
/// <param name="Nodes">In ascending order; at least one.</param>
/// <param name="Quota">What control groups allow, in CPUs; null: no limit.</param>
public sealed record CpuTopology(IReadOnlyList<CpuNode> Nodes, double? Quota)
{
    /// <summary>Hardware threads.</summary>
    public int Cpus => Nodes.Sum(node => node.Cpus.Count);

    /// <summary>Physical cores: what computes. Two hardware threads of one share its units and its first two caches.</summary>
    public int Cores => Nodes.Sum(node => node.Cores);

    /// <summary>
    /// One for each core, and no more than the quota has whole CPUs: who spins on more is stopped for the rest of every period, in the middle of a step.
    /// </summary>
    public int DefaultThreads => Quota is { } quota && quota < Cores ? Math.Max(1, (int)quota) : Cores;

    /// <summary>For the log.</summary>
    public string Description => string.Create(
        CultureInfo.InvariantCulture,
        $"{Cores} cores ({Cpus} hardware threads) on {Nodes.Count} memory node{(Nodes.Count == 1 ? "" : "s")}, {(Quota is { } quota ? $"a quota of {quota:0.##} CPUs" : "no quota")}");

    /// <summary>Of this process, now.</summary>
    public static CpuTopology OfProcess() => Read("/", CpuAffinity.OfProcess());

    /// <summary>What Linux says of itself; where it says nothing, all processors are cores of one node.</summary>
    /// <param name="root">The folder that holds proc and sys.</param>
    /// <param name="allowed">The processors that the process may use.</param>
    internal static CpuTopology Read(string root, IReadOnlyList<int> allowed)
    {
        var cpus = Path.Combine(root, "sys/devices/system/cpu");
        var usable = CpuList.Read(Path.Combine(cpus, "online")) is { } online && allowed.Intersect(online).Any() ? allowed.Intersect(online) : allowed;
        var rest = new SortedSet<int>(usable);
        var nodes = new List<CpuNode>();
        foreach (var (id, folder) in NodeFolders(Path.Combine(root, "sys/devices/system/node")))
        {
            var own = (CpuList.Read(Path.Combine(folder, "cpulist")) ?? []).Where(rest.Remove).Order().ToArray();
            if (own.Length > 0)
            {
                nodes.Add(new CpuNode(id, own, CountCores(cpus, own)));
            }
        }

        if (nodes.Count == 0)
        {
            nodes.Add(new CpuNode(0, [.. rest], CountCores(cpus, rest)));
        }

        return new CpuTopology(nodes, CgroupQuota.Read(root));
    }

    private static IEnumerable<(int Id, string Folder)> NodeFolders(string folder) =>
        Directory.Exists(folder)
            ? Directory.EnumerateDirectories(folder, "node*")
                .Select(path => (Id: int.TryParse(Path.GetFileName(path).AsSpan(4), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : -1, path))
                .Where(node => node.Id >= 0)
                .OrderBy(node => node.Id)
            : [];

    /// <summary>Siblings are hardware threads of one core; of those that may be used, however many, one counts.</summary>
    private static int CountCores(string folder, IEnumerable<int> cpus) =>
        cpus.Select(cpu => CpuList.Read(Path.Combine(folder, $"cpu{cpu}", "topology/thread_siblings_list"))?.Min() ?? cpu).Distinct().Count();
}
