namespace Octavo.Operator.Rollout;

/// <summary>Why a mode was chosen: reasons of the condition RolloutPlanned.</summary>
internal static class RolloutReasons
{
    /// <summary>Surge: room for another replica is proven.</summary>
    public const string SpareCapacity = "SpareCapacity";

    /// <summary>Surge: replicas without accelerators, in a cluster whose nodes are not shown.</summary>
    public const string NoAcceleratorNeeded = "NoAcceleratorNeeded";

    /// <summary>The user's wish.</summary>
    public const string Requested = "Requested";

    /// <summary>In place: there is no room for another replica.</summary>
    public const string NoSpareCapacity = "NoSpareCapacity";

    /// <summary>In place: nodes or pods are not shown to the operator, or something is asked for that it does not count.</summary>
    public const string CapacityUnknown = "CapacityUnknown";

    /// <summary>In place: a second replica could not mount the volume.</summary>
    public const string VolumeInUse = "VolumeInUse";

    /// <summary>In place: the API server refuses another pod, mostly for a quota.</summary>
    public const string PodsRefused = "PodsRefused";
}
