namespace Octavo.LocalCluster.Node.Logs;

/// <summary>Whose log: a container's current run, or the one before.</summary>
internal sealed record LogAddress(string Namespace, string Pod, string Container, bool Previous);
