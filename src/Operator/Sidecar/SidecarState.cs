namespace Octavo.Operator.Sidecar;

/// <summary>How a Deployment that asks for a sidecar stands.</summary>
internal enum SidecarState
{
    /// <summary>It has what it asks for.</summary>
    Injected,

    /// <summary>The InferenceService does not exist.</summary>
    Waiting,

    /// <summary>What it asks for cannot be.</summary>
    Refused,

    /// <summary>Somebody else owns a field that would have to be written.</summary>
    Conflict,
}
