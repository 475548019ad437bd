using Octavo.KubernetesClient.Models;
using Octavo.Operator.Controller;

namespace Octavo.Operator.Storage;

/// <summary>How far the Job is that fetches a service's model.</summary>
internal sealed record FillState
{
    /// <summary>The Job that counts; null where none is there, because none is needed or it cannot be made.</summary>
    public string? Job { get; init; }

    /// <summary>What is to be said of the model while it is not there; null: it is there.</summary>
    public Finding? Finding { get; init; }

    public bool IsFilled => Finding is null;

    /// <summary>The template in use is for this model: its replicas are what is wanted, filled or not.</summary>
    public bool IsInUse { get; init; }

    /// <summary>The Job's.</summary>
    public IReadOnlyList<V1Pod> Pods { get; init; } = [];
}
