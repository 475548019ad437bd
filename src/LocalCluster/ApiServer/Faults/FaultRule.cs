namespace Octavo.LocalCluster.ApiServer.Faults;

/// <summary>Which requests a fault befalls, and how often.</summary>
public sealed record FaultRule
{
    public required FaultKind Kind { get; init; }

    /// <summary>Probability for each request that matches, 0 to 1.</summary>
    public double Rate { get; init; } = 1;

    /// <summary>The verbs of authorization (get, list, watch, create, update, patch, delete, deletecollection); empty: all that the kind can befall.</summary>
    public IReadOnlyCollection<string> Verbs { get; init; } = [];

    /// <summary>Plural names, with the group where there is one (pods, deployments.apps); empty: all.</summary>
    public IReadOnlyCollection<string> Resources { get; init; } = [];

    /// <summary>Beginning of the client's User-Agent; absent: everybody but the cluster's own controllers and nodes.</summary>
    public string? Client { get; init; }

    /// <summary>Of a 429; absent: the answer names no time.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>Of a slow answer, and until a watch is dropped; at most, and at random where <see cref="Rate"/> is below 1.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>After so many the rule is spent; absent: never.</summary>
    public int? Limit { get; init; }
}
