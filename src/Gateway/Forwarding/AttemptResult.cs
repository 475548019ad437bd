namespace Octavo.Gateway.Forwarding;

/// <summary>How one attempt at one endpoint ended.</summary>
internal abstract record AttemptResult
{
    /// <summary>The client has its answer, or as much of it as there was: nothing may follow.</summary>
    public sealed record Answered : AttemptResult;

    /// <summary>No connection; the request was not sent.</summary>
    public sealed record Unreachable(Exception Cause) : AttemptResult;

    /// <summary>The connection broke after sending and before the first byte of a response.</summary>
    public sealed record Lost(Exception Cause) : AttemptResult;

    /// <summary>503: full or draining.</summary>
    public sealed record Refused(UpstreamRefusal Refusal) : AttemptResult;

    /// <summary>No response headers in time.</summary>
    public sealed record TimedOut : AttemptResult;
}
