namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>Why a request was turned away before it was queued.</summary>
public enum RejectionReason
{
    /// <summary>The waiting queue holds as many requests as it may.</summary>
    QueueFull,

    /// <summary>The waiting queue holds as many prompt tokens as it may.</summary>
    QueuedTokens,

    /// <summary>The server is shutting down.</summary>
    Draining,
}
