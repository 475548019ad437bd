namespace Octavo.Operator.Rollout;

/// <summary>How replicas of a new template take the place of the old ones.</summary>
internal enum RolloutMode
{
    /// <summary>A new replica is ready before an old one goes: no request is refused.</summary>
    Surge,

    /// <summary>An old replica drains and gives its accelerators to its successor, one at a time.</summary>
    InPlace,
}
