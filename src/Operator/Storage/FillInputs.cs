using Octavo.KubernetesClient.Models;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Storage;

/// <summary>All that <see cref="FillPlanner"/> looks at.</summary>
internal sealed record FillInputs
{
    public required string Uri { get; init; }

    public required ModelSource Source { get; init; }

    /// <summary>Those that fetch, or fetched, this model onto this claim.</summary>
    public IReadOnlyList<V1Job> Jobs { get; init; } = [];

    /// <summary>Those Jobs'.</summary>
    public IReadOnlyList<V1Pod> Pods { get; init; } = [];

    /// <summary><see cref="FillJob.WishesOf"/> of all services that share the model: a Job that was made from any of them is as wanted.</summary>
    public required IReadOnlySet<string> Wishes { get; init; }

    /// <summary>Replicas of the template in use look for this model on this claim: it was there once.</summary>
    public bool IsInUse { get; init; }

    /// <summary>When such a replica looked last for a model that was not there; null where none did.</summary>
    public DateTimeOffset? MissedAt { get; init; }

    /// <summary>Null: not looked at.</summary>
    public ClaimState? Claim { get; init; }

    public required DateTimeOffset Now { get; init; }
}
