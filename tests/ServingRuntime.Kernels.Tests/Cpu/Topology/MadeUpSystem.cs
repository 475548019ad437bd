namespace Octavo.ServingRuntime.Kernels.Tests.Cpu.Topology;

/// <summary>A folder with what Linux would say of a machine.</summary>
internal sealed class MadeUpSystem : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("octavo-system-").FullName;

    /// <param name="siblings">For each physical core its hardware threads.</param>
    public MadeUpSystem Cores(params string[] siblings)
    {
        foreach (var list in siblings)
        {
            foreach (var cpu in list.Split(',', '-'))
            {
                Write($"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list", list);
            }
        }

        return this;
    }

    public MadeUpSystem Nodes(params string[] cpus)
    {
        for (var node = 0; node < cpus.Length; node++)
        {
            Write($"sys/devices/system/node/node{node}/cpulist", cpus[node]);
        }

        return this;
    }

    public MadeUpSystem Write(string path, string text)
    {
        var full = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text + "\n");
        return this;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
