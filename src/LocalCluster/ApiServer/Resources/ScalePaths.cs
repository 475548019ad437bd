namespace Octavo.LocalCluster.ApiServer.Resources;

/// <summary>Where the scale subresource reads and writes, as in `.spec.replicas`.</summary>
internal sealed record ScalePaths(string SpecReplicas, string StatusReplicas, string? LabelSelector);
