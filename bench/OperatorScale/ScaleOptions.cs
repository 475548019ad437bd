namespace Octavo.OperatorScale;

/// <summary>How much of what is run, and for how long.</summary>
internal sealed record ScaleOptions
{
    /// <summary>Pods that a hollow node takes.</summary>
    public const int PodsOfANode = 110;

    /// <summary>A lease that is renewed every two seconds, and a look at what the server serves.</summary>
    public const int RequestsOfAQuietWindow = 10;

    public static readonly TimeSpan QuietWindow = TimeSpan.FromSeconds(10);

    public required int Services { get; init; }
    public required int Replicas { get; init; }
    public required TimeSpan Steady { get; init; }
    public required TimeSpan Limit { get; init; }
    public required int Workers { get; init; }
    public required string Definitions { get; init; }
    public string? Json { get; init; }

    public int Pods => Services * Replicas;

    /// <summary>A tenth more than are needed.</summary>
    public int Nodes => Math.Max(1, (Pods * 11 / 10 / PodsOfANode) + 1);
}
