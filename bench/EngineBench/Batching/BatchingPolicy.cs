namespace Octavo.EngineBench.Batching;

/// <summary>When a slot of the batch gets its next request.</summary>
internal enum BatchingPolicy
{
    /// <summary>As soon as it is free.</summary>
    Continuous,

    /// <summary>When the whole batch has ended; ended requests cost nothing meanwhile.</summary>
    StaticIdle,

    /// <summary>When the whole batch has ended; the batch keeps its shape until then, so that ended requests are computed on and thrown away, as where a batch is one tensor.</summary>
    StaticPadded,
}
