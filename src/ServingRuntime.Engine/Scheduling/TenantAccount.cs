namespace Octavo.ServingRuntime.Engine.Scheduling;

/// <summary>One tenant within a priority class: its waiting requests and what it may still spend.</summary>
internal sealed class TenantAccount(PriorityClass priorityClass, string name)
{
    public PriorityClass Class { get; } = priorityClass;

    public string Name { get; } = name;

    /// <summary>Never ran yet; in order of arrival.</summary>
    public RequestHeap<ByArrival> Waiting { get; } = new();

    /// <summary>Tokens that it may have computed in its turn; negative: it got more than its share while others waited.</summary>
    public long Deficit { get; set; }

    /// <summary>The class's epoch that <see cref="Deficit"/> is of.</summary>
    public long Epoch { get; set; }

    /// <summary>Whether its turn has begun, and so its quantum been credited.</summary>
    public bool HasTurn { get; set; }

    /// <summary>Requests of it in the engine, waiting or running.</summary>
    public int Users { get; set; }

    /// <summary>The ring of those that have something waiting; null: not in it.</summary>
    public TenantAccount? Next { get; set; }

    public TenantAccount? Previous { get; set; }
}
