using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Dialects;

/// <summary>How a replica is ended.</summary>
/// <param name="PreStop">What runs before SIGTERM; null: nothing.</param>
/// <param name="GraceSeconds">From the deletion to SIGKILL: what <paramref name="PreStop"/> may take is in it.</param>
internal sealed record RuntimeEnding(V1LifecycleHandler? PreStop, int GraceSeconds)
{
    /// <summary>How long proxies and gateways may take to learn that a pod ends: until then it takes requests as before.</summary>
    public const int RemovalSeconds = 5;
}
