namespace Octavo.LocalCluster.Controllers.GarbageCollection;

/// <summary>What has become of an owner.</summary>
internal enum OwnerState
{
    /// <summary>It exists and does not wait for its dependents.</summary>
    Solid,

    /// <summary>It does not exist (any more), or another object has its name.</summary>
    Absent,

    /// <summary>It is being deleted in the foreground.</summary>
    Waiting,

    /// <summary>Its kind is not served: nothing can be said.</summary>
    Unknown,
}
