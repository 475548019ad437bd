namespace Octavo.LocalCluster.ApiServer.Faults;

/// <summary>What goes wrong with a request.</summary>
public enum FaultKind
{
    /// <summary>The answer takes its time. A watch is opened late.</summary>
    Slow,

    /// <summary>429 before anything is done; with a Retry-After header where the rule says so.</summary>
    TooManyRequests,

    /// <summary>500 before anything is done.</summary>
    ServerError,

    /// <summary>409, as if somebody had written the object meanwhile. Updates and patches only.</summary>
    Conflict,

    /// <summary>The request is carried out and the connection breaks before the answer. Not watches.</summary>
    LostAnswer,

    /// <summary>410: a watch from a known revision is told that it is too old.</summary>
    Gone,

    /// <summary>A watch breaks after a while, perhaps in the middle of a line.</summary>
    DroppedWatch,
}
