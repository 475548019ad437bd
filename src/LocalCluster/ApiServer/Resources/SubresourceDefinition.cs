namespace Octavo.LocalCluster.ApiServer.Resources;

/// <summary>A subresource as discovery names it. Group and version are those of its kind; empty where it is the parent's.</summary>
internal sealed record SubresourceDefinition(string Name, string Group, string Version, string Kind, IReadOnlyList<string> Verbs);
