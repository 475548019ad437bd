namespace Octavo.LocalCluster.ApiServer.Faults;

/// <summary>A fault that befalls one request.</summary>
/// <param name="Delay">Of a slow answer or a dropped watch.</param>
internal sealed record Fault(FaultKind Kind, TimeSpan Delay, int? RetryAfterSeconds);
