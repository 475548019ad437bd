namespace Octavo.Operator.Workloads;

/// <summary>What a workload's controller complains of.</summary>
internal sealed record WorkloadTrouble(string Reason, string Message);
