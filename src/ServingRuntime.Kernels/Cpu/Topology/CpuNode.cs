namespace Octavo.ServingRuntime.Kernels.Cpu.Topology;

/// <summary>Processors that share memory which is nearer to them than to others.</summary>
/// <param name="Id">As the system counts.</param>
/// <param name="Cpus">Those that the process may use, in ascending order; at least one.</param>
/// <param name="Cores">How many physical cores they belong to.</param>
public sealed record CpuNode(int Id, IReadOnlyList<int> Cpus, int Cores);
