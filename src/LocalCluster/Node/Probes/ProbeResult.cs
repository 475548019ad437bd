namespace Octavo.LocalCluster.Node.Probes;

/// <summary>One attempt of a probe; the output says why it failed.</summary>
internal readonly record struct ProbeResult(bool Success, string Output);
