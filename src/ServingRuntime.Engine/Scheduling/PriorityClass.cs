namespace Octavo.ServingRuntime.Engine.Scheduling;

/// <summary>
/// Waiting requests of one priority: first those that ran before and were preempted, older first; they have paid and keep their claim. Then
/// deficit round robin over tenants (Shreedhar and Varghese, SIGCOMM 1995): a turn credits a quantum of tokens, and the tenant's requests are admitted, in order
/// of arrival, as long as the credit pays for the tokens to compute. Between any two moments at which two tenants have requests waiting all
/// the time, what was admitted for them differs by at most a quantum and twice the largest request.
/// <para>Tokens generated while another tenant waits are paid for, too, as a debt: long answers cost their share like long prompts.</para>
/// <para>The request whose turn it is stays the next one until it is admitted or leaves, so nothing can pass it for ever.</para>
/// </summary>
internal sealed class PriorityClass(int priority, int quantumTokens)
{
    private readonly RequestHeap<ByArrival> resumed = new();
    private readonly Dictionary<string, TenantAccount> accounts = new(StringComparer.Ordinal);

    /// <summary>Whose turn it is or comes next; null: no tenant has anything waiting.</summary>
    private TenantAccount? current;
    private Request? chosen;
    private int tenantsWaiting;

    /// <summary>Counts the times when nobody waited any more: what was owed then is forgiven.</summary>
    private long epoch;

    public int Priority { get; } = priority;

    /// <summary>Nothing waits, and nothing that came from here is in the engine.</summary>
    public bool IsForgettable => Count == 0 && accounts.Count == 0;

    public int Count { get; private set; }

    public Request? Peek() => resumed.Top ?? (chosen ??= Choose());

    public void Add(Request request)
    {
        Count++;
        if (request.Status == RequestStatus.Preempted)
        {
            resumed.Add(request);
            return;
        }

        var tenant = request.Source.Tenant ?? "";
        if (!accounts.TryGetValue(tenant, out var account))
        {
            accounts[tenant] = account = new TenantAccount(this, tenant);
        }

        request.Account = account;
        account.Users++;
        account.Waiting.Add(request);
        if (account.Next is null)
        {
            Join(account);
        }
    }

    public void Remove(Request request)
    {
        Count--;
        if (request.Status == RequestStatus.Preempted)
        {
            resumed.Remove(request);
            return;
        }

        if (ReferenceEquals(chosen, request))
        {
            chosen = null;
        }

        var account = request.Account!;
        account.Waiting.Remove(request);
        if (account.Waiting.Count == 0)
        {
            Leave(account);
        }
    }

    /// <summary>Tokens were computed for a request: the first time when it is admitted, then as it generates.</summary>
    public void Charge(TenantAccount account, int tokens)
    {
        ForgiveOld(account);
        account.Deficit -= tokens;
    }

    /// <summary>Whether anybody but this tenant waits for a first admission.</summary>
    public bool OthersWait(TenantAccount account) => tenantsWaiting > (account.Next is null ? 0 : 1);

    /// <summary>A request has left the engine. A tenant with nothing left in it is forgotten.</summary>
    public void Release(Request request)
    {
        var account = request.Account!;
        if (--account.Users == 0)
        {
            accounts.Remove(account.Name);
        }
    }

    private static int Cost(Request request) => Math.Max(1, request.UncachedTokensWhenQueued);

    private Request? Choose()
    {
        if (current is null)
        {
            return null;
        }

        for (var passed = 0; ; passed++)
        {
            if (passed == tenantsWaiting)
            {
                SkipFruitlessRounds();
                passed = 0;
            }

            if (!current.HasTurn)
            {
                current.HasTurn = true;
                current.Deficit += quantumTokens;
            }

            var head = current.Waiting.Top!;
            if (current.Deficit >= Cost(head))
            {
                return head;
            }

            current.HasTurn = false;
            current = current.Next!;
        }
    }

    /// <summary>Nobody can pay yet: credits all with the rounds after which the first one nearly can, which is what going round would do.</summary>
    private void SkipFruitlessRounds()
    {
        var rounds = long.MaxValue;
        var account = current!;
        for (var i = 0; i < tenantsWaiting; i++, account = account.Next!)
        {
            var lacks = Cost(account.Waiting.Top!) - account.Deficit;
            rounds = Math.Min(rounds, ((lacks + quantumTokens - 1) / quantumTokens) - 1);
        }

        for (var i = 0; i < tenantsWaiting; i++, account = account.Next!)
        {
            account.Deficit += rounds * quantumTokens;
        }
    }

    /// <summary>To the end of the ring, which is before the one whose turn it is.</summary>
    private void Join(TenantAccount account)
    {
        tenantsWaiting++;
        ForgiveOld(account);
        if (current is null)
        {
            current = account.Next = account.Previous = account;
            return;
        }

        account.Next = current;
        account.Previous = current.Previous;
        current.Previous!.Next = account;
        current.Previous = account;
    }

    /// <summary>Who has nothing waiting saves no credit; a debt stays.</summary>
    private void Leave(TenantAccount account)
    {
        tenantsWaiting--;
        epoch += tenantsWaiting == 0 ? 1 : 0;
        if (ReferenceEquals(current, account))
        {
            current = tenantsWaiting == 0 ? null : account.Next;
        }

        account.Previous!.Next = account.Next;
        account.Next!.Previous = account.Previous;
        account.Next = account.Previous = null;
        account.HasTurn = false;
        account.Deficit = Math.Min(account.Deficit, 0);
    }

    private void ForgiveOld(TenantAccount account)
    {
        if (account.Epoch != epoch)
        {
            account.Epoch = epoch;
            account.Deficit = 0;
        }
    }
}
