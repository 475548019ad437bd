using Octavo.Gateway.Routing;

namespace Octavo.Gateway.Picking;

/// <summary>Which endpoint gets a request. Pure: the simulator links this file.</summary>
internal static class EndpointPicker
{
    /// <summary>
    /// Least requests in flight; ties go round by <paramref name="rotation"/>, a number that the caller draws. Ejected endpoints are left out unless
    /// nothing else remains: a failing endpoint may have come back, and no request should fail for want of a try.
    /// </summary>
    /// <returns>Null where every endpoint is in <paramref name="tried"/>.</returns>
    public static PickDecision? Pick(IReadOnlyList<EndpointLoad> endpoints, IReadOnlySet<BackendEndpoint> tried, uint rotation)
    {
        var candidates = endpoints.Where(e => !tried.Contains(e.Endpoint)).ToArray();
        if (candidates.Length == 0)
        {
            return null;
        }

        var healthy = candidates.Where(e => !e.Ejected).ToArray();
        var pool = healthy.Length > 0 ? healthy : candidates;
        var least = pool.Min(e => e.InFlight);
        var best = pool.Where(e => e.InFlight == least).OrderBy(e => e.Endpoint).ToArray();
        var chosen = best[rotation % (uint)best.Length].Endpoint;
        var reason = healthy.Length == 0 ? PickReason.AllEjected
            : endpoints.Count == 1 ? PickReason.Only
            : best.Length > 1 ? PickReason.Tie
            : PickReason.LeastLoaded;
        return new PickDecision(chosen, reason);
    }
}
