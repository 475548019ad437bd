namespace Octavo.Gateway.Waiting;

/// <summary>How a wait in the waiting room ended.</summary>
internal enum WaitOutcome
{
    /// <summary>An endpoint is there: try now.</summary>
    Released,

    TimedOut,

    /// <summary>The room had no place; the request did not wait.</summary>
    Full,

    /// <summary>The gateway is shutting down.</summary>
    Closing,
}
