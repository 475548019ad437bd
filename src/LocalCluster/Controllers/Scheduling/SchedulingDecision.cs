namespace Octavo.LocalCluster.Controllers.Scheduling;

/// <summary>A node for the pod, or the sentence that says why there is none.</summary>
internal sealed record SchedulingDecision(string? NodeName, string? Message);
