using System.Runtime.InteropServices;

namespace Octavo.ServingRuntime.Kernels.Cpu.Topology;

/// <summary>The processors that a thread may run on, as Linux is told and tells.</summary>
internal static unsafe class CpuAffinity
{
    // A bit for each of 8192 processors: more than any kernel has.
    private const int Words = 128;

    /// <summary>Of the process: those of its first thread, which nobody pins. Elsewhere than on Linux: as many as the runtime counts.</summary>
    public static IReadOnlyList<int> OfProcess() => Of(Environment.ProcessId);

    public static IReadOnlyList<int> OfThisThread() => Of(0);

    /// <summary>Keeps the calling thread on some processors. Where the system refuses, it runs wherever it did.</summary>
    public static bool Pin(IReadOnlyList<int> cpus)
    {
        var mask = stackalloc ulong[Words];
        new Span<ulong>(mask, Words).Clear();
        foreach (var cpu in cpus)
        {
            mask[cpu / 64] |= 1UL << (cpu % 64);
        }

        return OperatingSystem.IsLinux() && SetAffinity(0, Words * sizeof(ulong), mask) == 0;
    }

    private static IReadOnlyList<int> Of(int thread)
    {
        var mask = stackalloc ulong[Words];
        new Span<ulong>(mask, Words).Clear();
        if (!OperatingSystem.IsLinux() || GetAffinity(thread, Words * sizeof(ulong), mask) < 0)
        {
            return [.. Enumerable.Range(0, Environment.ProcessorCount)];
        }

        var cpus = new List<int>();
        for (var cpu = 0; cpu < Words * 64; cpu++)
        {
            if ((mask[cpu / 64] >> (cpu % 64) & 1) != 0)
            {
                cpus.Add(cpu);
            }
        }

        return cpus;
    }

    [DllImport("libc", EntryPoint = "sched_getaffinity")]
    private static extern int GetAffinity(int thread, nuint bytes, ulong* mask);

    [DllImport("libc", EntryPoint = "sched_setaffinity")]
    private static extern int SetAffinity(int thread, nuint bytes, ulong* mask);
}
