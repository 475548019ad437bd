using Octavo.Gateway.Routing;

namespace Octavo.Gateway.Picking;

/// <summary>
/// Counts requests per endpoint and remembers which refused connections. One lock: picking and counting are one step,
/// or requests that arrive together would all see the same least-loaded endpoint.
/// </summary>
internal sealed class EndpointTracker(TimeProvider time, Random random, TimeSpan ejectionTime)
{
    private const int MaxEjectionFactor = 6;

    private readonly Lock gate = new();
    private readonly Dictionary<BackendEndpoint, State> states = [];
    private uint rotation = (uint)random.Next();

    /// <summary>Picks and counts; the lease ends the count. Null where all <paramref name="endpoints"/> were tried.</summary>
    public Lease? Acquire(IReadOnlyList<BackendEndpoint> endpoints, IReadOnlySet<BackendEndpoint> tried)
    {
        lock (gate)
        {
            var loads = new EndpointLoad[endpoints.Count];
            for (var i = 0; i < loads.Length; i++)
            {
                loads[i] = LoadOf(endpoints[i]);
            }

            if (EndpointPicker.Pick(loads, tried, rotation++) is not { } decision)
            {
                return null;
            }

            StateOf(decision.Endpoint).InFlight++;
            return new Lease(this, decision);
        }
    }

    /// <summary>Endpoints that new requests should go to: all, without those ejected.</summary>
    public int CountAvailable(IReadOnlyList<BackendEndpoint> endpoints)
    {
        lock (gate)
        {
            var healthy = endpoints.Count(e => !LoadOf(e).Ejected);
            // With all ejected one is still tried, as the picker does.
            return healthy == 0 ? Math.Min(1, endpoints.Count) : healthy;
        }
    }

    public EndpointLoad Load(BackendEndpoint endpoint)
    {
        lock (gate)
        {
            return LoadOf(endpoint);
        }
    }

    /// <summary>Ejects for a time that grows with the failures in a row. True if the endpoint was not ejected before.</summary>
    public bool ReportUnreachable(BackendEndpoint endpoint)
    {
        lock (gate)
        {
            var wasEjected = LoadOf(endpoint).Ejected;
            var state = StateOf(endpoint);
            state.Failures = Math.Min(state.Failures + 1, MaxEjectionFactor);
            state.EjectedUntil = time.GetUtcNow() + (ejectionTime * state.Failures);
            return !wasEjected;
        }
    }

    public void ReportReachable(BackendEndpoint endpoint)
    {
        lock (gate)
        {
            if (states.TryGetValue(endpoint, out var state))
            {
                state.Failures = 0;
                state.EjectedUntil = default;
            }
        }
    }

    /// <summary>Forgets endpoints that the directory no longer has; one that comes back starts afresh.</summary>
    public void Retain(IReadOnlySet<BackendEndpoint> live)
    {
        lock (gate)
        {
            foreach (var endpoint in states.Where(s => s.Value.InFlight == 0 && !live.Contains(s.Key)).Select(s => s.Key).ToArray())
            {
                states.Remove(endpoint);
            }
        }
    }

    private void Release(BackendEndpoint endpoint)
    {
        lock (gate)
        {
            StateOf(endpoint).InFlight--;
        }
    }

    private EndpointLoad LoadOf(BackendEndpoint endpoint) =>
        states.TryGetValue(endpoint, out var state)
            ? new EndpointLoad(endpoint, state.InFlight, state.EjectedUntil > time.GetUtcNow())
            : new EndpointLoad(endpoint, 0, false);

    private State StateOf(BackendEndpoint endpoint)
    {
        if (!states.TryGetValue(endpoint, out var state))
        {
            state = new State();
            states.Add(endpoint, state);
        }

        return state;
    }

    /// <summary>One request's place at an endpoint; dispose it when the request has left.</summary>
    internal sealed class Lease(EndpointTracker owner, PickDecision decision) : IDisposable
    {
        private int disposed;

        public BackendEndpoint Endpoint => decision.Endpoint;
        public PickReason Reason => decision.Reason;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref disposed, 1) == 0)
            {
                owner.Release(decision.Endpoint);
            }
        }
    }

    private sealed class State
    {
        public int InFlight { get; set; }
        public int Failures { get; set; }
        public DateTimeOffset EjectedUntil { get; set; }
    }
}
