namespace Octavo.Operator.Rollout;

/// <summary>From where the volumes of a replica can be used while another replica uses them.</summary>
internal enum VolumeReach
{
    AnyNode,

    /// <summary>ReadWriteOnce: a second pod gets it on the same node only, and elsewhere waits for ever though the scheduler placed it.</summary>
    SameNode,

    /// <summary>ReadWriteOncePod: no second pod gets it.</summary>
    OnePod,
}
