using Octavo.ServingRuntime.Engine.KVCache;

namespace Octavo.ServingRuntime.Engine.Tests.KVCache;

public sealed class FreeMemoryTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("octavo-memory").FullName;

    [Fact]
    public void Measure_MachineAlone_MemAvailable()
    {
        Write("proc/meminfo", "MemTotal:       100 kB\nMemAvailable:    70 kB\n");
        FreeMemory.Measure(root).Should().Be(70 * 1024);
    }

    [Fact]
    public void Measure_CgroupsAbove_TheTightestCounts()
    {
        Write("proc/meminfo", "MemAvailable:    70 kB\n");
        Write("proc/self/cgroup", "4:memory:/old\n0::/pods/one/container\n");
        Write("sys/fs/cgroup/pods/one/container/memory.max", "max\n");
        Write("sys/fs/cgroup/pods/one/container/memory.current", "500\n");
        Write("sys/fs/cgroup/pods/one/memory.max", "9000\n");
        Write("sys/fs/cgroup/pods/one/memory.current", "600\n");
        Write("sys/fs/cgroup/pods/memory.max", "60000\n");
        Write("sys/fs/cgroup/pods/memory.current", "700\n");
        FreeMemory.Measure(root).Should().Be(8400);
    }

    [Fact]
    public void Measure_NamespacedCgroup_ReadsTheRoot()
    {
        Write("proc/meminfo", "MemAvailable:    70 kB\n");
        Write("proc/self/cgroup", "0::/\n");
        Write("sys/fs/cgroup/memory.max", "5000\n");
        Write("sys/fs/cgroup/memory.current", "6000\n");
        FreeMemory.Measure(root).Should().Be(0, "already above the limit");
    }

    [Fact]
    public void Measure_NothingToRead_Unknown() => FreeMemory.Measure(root).Should().BeNull();

    public void Dispose() => Directory.Delete(root, recursive: true);

    private void Write(string path, string text)
    {
        var file = Path.Combine(root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
