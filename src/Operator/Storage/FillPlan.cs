using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Storage;

/// <summary>What is to be done for a model that a Job fetches.</summary>
internal sealed record FillPlan
{
    /// <summary>Of what is there.</summary>
    public required FillState State { get; init; }

    /// <summary>Number of the Job that is to be made; null: none.</summary>
    public int? Make { get; init; }

    /// <summary>Jobs that another one takes the place of, or will.</summary>
    public IReadOnlyList<V1Job> Superseded { get; init; } = [];

    /// <summary>When time alone changes the answer; null: never.</summary>
    public TimeSpan? LookAgain { get; init; }

    /// <summary>The fetch has no node yet: the claim may be why.</summary>
    public bool AwaitsNode { get; init; }
}
