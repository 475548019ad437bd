namespace Octavo.KubernetesClient.Discovery;

/// <summary>A group and version that the server serves, such as "apps/v1", with its kinds.</summary>
public sealed record ServedVersion(string GroupVersion, IReadOnlyList<ServedKind> Kinds)
{
    /// <summary>The server could not ask who serves it (an aggregated API that is down): <see cref="Kinds"/> may be old or empty.</summary>
    public bool IsStale { get; init; }
}
