namespace Octavo.Operator.Scraping;

/// <summary>What a replica counted since its process started. Null where its metrics do not have it.</summary>
internal sealed record ReplicaCounters
{
    /// <summary>Prompt tokens of admitted requests, cached or not.</summary>
    public double? PromptTokens { get; init; }

    /// <summary>Prompt tokens that were looked up in the prefix cache.</summary>
    public double? CacheQueries { get; init; }

    /// <summary>Prompt tokens that were found in the prefix cache.</summary>
    public double? CacheHits { get; init; }

    /// <summary>Lengths of the prompts of <see cref="Prompts"/>, added up.</summary>
    public double? PromptLengths { get; init; }

    /// <summary>Requests whose prompt length was told.</summary>
    public double? Prompts { get; init; }

    /// <summary>Time from a request's arrival to its first token.</summary>
    public LatencyHistogram? TimeToFirstToken { get; init; }

    /// <summary>Whether a counter is lower than before: the process started anew, with an empty cache.</summary>
    public bool WentBackSince(ReplicaCounters earlier) =>
        PromptTokens < earlier.PromptTokens || CacheQueries < earlier.CacheQueries || CacheHits < earlier.CacheHits
        || PromptLengths < earlier.PromptLengths || Prompts < earlier.Prompts || TimeToFirstToken?.Total < earlier.TimeToFirstToken?.Total;
}
