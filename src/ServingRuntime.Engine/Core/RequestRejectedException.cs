namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>The request was not queued; it can be tried again, here or elsewhere.</summary>
public sealed class RequestRejectedException(RejectionReason reason, TimeSpan retryAfter) : Exception(reason switch
{
    RejectionReason.QueueFull => "the waiting queue is full",
    RejectionReason.QueuedTokens => "the waiting queue holds too many prompt tokens",
    _ => "the server is shutting down",
})
{
    public RejectionReason Reason { get; } = reason;

    /// <summary>When it may be worth trying again.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}
