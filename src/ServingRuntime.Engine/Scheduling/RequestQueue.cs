namespace Octavo.ServingRuntime.Engine.Scheduling;

/// <summary>
/// Waiting requests: smaller priority first, then older first. A preempted request arrived before all that never ran, so it comes back to the
/// head of its priority by itself.
/// </summary>
public sealed class RequestQueue
{
    private static readonly Comparer<Request> Order = Comparer<Request>.Create(
        (left, right) => left.Priority != right.Priority ? left.Priority.CompareTo(right.Priority) : left.Arrival.CompareTo(right.Arrival));

    private readonly SortedSet<Request> requests = new(Order);

    public int Count => requests.Count;

    /// <summary>Tokens that the waiting requests will need computed, as estimated when each was queued.</summary>
    public long UncachedTokens { get; private set; }

    public Request? Peek() => requests.Min;

    public void Add(Request request, int uncachedTokens)
    {
        if (!requests.Add(request))
        {
            throw new InvalidOperationException($"request {request.Id} already waits");
        }

        request.UncachedTokensWhenQueued = uncachedTokens;
        UncachedTokens += uncachedTokens;
    }

    public void Remove(Request request)
    {
        if (requests.Remove(request))
        {
            UncachedTokens -= request.UncachedTokensWhenQueued;
        }
    }
}
