using Octavo.Gateway.Routing;

namespace Octavo.Gateway.Picking;

/// <summary>The endpoint for a request and why it was taken.</summary>
internal readonly record struct PickDecision(BackendEndpoint Endpoint, PickReason Reason);

internal enum PickReason
{
    /// <summary>There was only one.</summary>
    Only,

    /// <summary>It alone has the fewest requests in flight.</summary>
    LeastLoaded,

    /// <summary>Several have the fewest; the rotation decided.</summary>
    Tie,

    /// <summary>All had been ejected; the least loaded of them is tried all the same.</summary>
    AllEjected,
}
