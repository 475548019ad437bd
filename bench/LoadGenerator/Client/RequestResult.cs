namespace Octavo.LoadGenerator.Client;

/// <summary>One request's measurement; times in seconds.</summary>
internal sealed record RequestResult
{
    /// <summary>Null: it succeeded.</summary>
    public string? Error { get; init; }

    /// <summary>What sort of failure: connection, timeout, cancelled, http_503, stream_error, protocol.</summary>
    public string? ErrorKind { get; init; }

    public int PromptTokens { get; init; }
    public int CachedTokens { get; init; }
    public int OutputTokens { get; init; }

    /// <summary>When its turn came, since the run began: its arrival in an open loop; in a closed one, when a place was free.</summary>
    public double ScheduledAt { get; init; }

    /// <summary>When it was sent, since the run began. Later than scheduled where a bound on concurrency held it back or the client was slow.</summary>
    public double SentAt { get; init; }

    /// <summary>Since sent, until the first text.</summary>
    public double TimeToFirstToken { get; init; }

    /// <summary>Between one piece of text and the next.</summary>
    public IReadOnlyList<double> InterTokenLatencies { get; init; } = [];

    /// <summary>Since sent, until the end of the answer.</summary>
    public double EndToEnd { get; init; }

    /// <summary>In the server's queue, where the server tells.</summary>
    public double? QueueTime { get; init; }

    /// <summary>The answer, where it was asked for.</summary>
    public string? Text { get; init; }

    public double SendDelay => SentAt - ScheduledAt;

    /// <summary>As a user sees it, who does not know that the client held the request back: free of coordinated omission.</summary>
    public double ArrivalTimeToFirstToken => SendDelay + TimeToFirstToken;

    public double ArrivalEndToEnd => SendDelay + EndToEnd;

    /// <summary>Null for an answer of one token.</summary>
    public double? TimePerOutputToken => OutputTokens > 1 ? (EndToEnd - TimeToFirstToken) / (OutputTokens - 1) : null;

    public static RequestResult Failed(string kind, string error) => new() { ErrorKind = kind, Error = error };
}
