namespace Octavo.Gateway.Configuration;

/// <summary>Limits of forwarding.</summary>
internal sealed record ForwardingOptions
{
    /// <summary>Largest request body; it is buffered, so that its model can be read and the request can be sent again.</summary>
    public int MaxRequestBodyBytes { get; init; } = 32 << 20;

    /// <summary>Bytes of all bodies in memory at once.</summary>
    public long MaxBufferedBytes { get; init; } = 512L << 20;

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Time until response headers. Long: an answer that is not streamed has none before it is complete.</summary>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Longest silence within an answer that has begun.</summary>
    public TimeSpan IdleStreamTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Endpoints that one request tries before it waits or fails.</summary>
    public int MaxAttempts { get; init; } = 3;

    /// <summary>How long an endpoint that refused a connection is set aside, times its failures in a row (at most six).</summary>
    public TimeSpan EjectionTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Pause before a request tries again when no endpoint of its model could be reached.</summary>
    public TimeSpan UnreachablePause { get; init; } = TimeSpan.FromMilliseconds(500);
}
