namespace Octavo.ServingRuntime.Engine.Scheduling;

/// <summary>
/// Waiting requests: smaller priority strictly first; within a priority, preempted ones and then tenants in turn (<see cref="PriorityClass"/>). There is one next
/// request and it alone may be admitted: where it does not fit, everything waits for it, so that small requests cannot starve a large one.
/// Adding and removing is O(log n); finding the next is O(1) while it stays the same, and O(tenants waiting) when it does not.
/// </summary>
public sealed class RequestQueue(int quantumTokens = RequestQueue.DefaultQuantumTokens)
{
    /// <summary>A quarter of a step's default budget: turns are short beside a step, yet most requests fit into one.</summary>
    public const int DefaultQuantumTokens = 512;

    /// <summary>By priority; those with something waiting, and those whose tenants have something running and may owe for it.</summary>
    private readonly List<PriorityClass> classes = [];

    public int Count { get; private set; }

    /// <summary>Tokens that the waiting requests will need computed, as estimated when each was queued.</summary>
    public long UncachedTokens { get; private set; }

    /// <summary>The next request to admit; null: nothing waits. The same until it leaves or one comes that goes before it by priority.</summary>
    public Request? Peek()
    {
        foreach (var one in classes)
        {
            if (one.Count > 0)
            {
                return one.Peek();
            }
        }

        return null;
    }

    /// <param name="uncachedTokens">Tokens to compute when it is admitted, as far as known.</param>
    public void Add(Request request, int uncachedTokens)
    {
        var place = Find(request.Priority);
        if (place < 0)
        {
            place = ~place;
            classes.Insert(place, new PriorityClass(request.Priority, quantumTokens));
        }

        request.UncachedTokensWhenQueued = uncachedTokens;
        classes[place].Add(request);
        UncachedTokens += uncachedTokens;
        Count++;
    }

    /// <summary>Takes out a request that leaves without having been admitted.</summary>
    public void Remove(Request request)
    {
        var place = Find(request.Priority);
        if (place < 0)
        {
            throw new InvalidOperationException($"request {request.Id} does not wait");
        }

        classes[place].Remove(request);
        UncachedTokens -= request.UncachedTokensWhenQueued;
        Count--;
    }

    /// <summary>Takes out a request that now runs, and charges its tenant with the tokens to compute for it; a preempted one has been paid for.</summary>
    public void Admit(Request request, int tokens)
    {
        if (request.Status != RequestStatus.Preempted)
        {
            request.Account!.Class.Charge(request.Account, tokens);
        }

        Remove(request);
    }

    /// <summary>A fork runs without ever having been queued; what it generates is charged to its parent's tenant, which is its own.</summary>
    public void Join(Request fork, Request parent)
    {
        fork.Account = parent.Account;
        fork.Account!.Users++;
    }

    /// <summary>A running request has generated a token.</summary>
    public void ChargeGenerated(Request request)
    {
        if (request.Account is { } account && account.Class.OthersWait(account))
        {
            account.Class.Charge(account, 1);
        }
    }

    /// <summary>A request has left the engine.</summary>
    public void Release(Request request)
    {
        if (request.Account is not { } account)
        {
            return;
        }

        account.Class.Release(request);
        request.Account = null;
        if (account.Class.IsForgettable)
        {
            classes.RemoveAt(Find(request.Priority));
        }
    }

    private int Find(int priority)
    {
        int low = 0, high = classes.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var found = classes[middle].Priority;
            if (found == priority)
            {
                return middle;
            }

            if (found < priority)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return ~low;
    }
}
