namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>A request as the engine thread gets it: already tokenised and checked.</summary>
public sealed record EngineCoreRequest
{
    public required string RequestId { get; init; }
    public required IReadOnlyList<int> PromptTokenIds { get; init; }
    public required SamplingParams SamplingParams { get; init; }

    /// <summary>Tokens that end generation unless <see cref="SamplingParams.IgnoreEos"/>.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];

    /// <summary>Smaller is served first among equals in age; 0 by default.</summary>
    public int Priority { get; init; }

    /// <summary>Keeps cached prefixes apart: hashed into the first block.</summary>
    public string? CacheSalt { get; init; }

    /// <summary>When the front end got it, in <see cref="TimeProvider.GetTimestamp"/> units.</summary>
    public long ArrivalTimestamp { get; init; }
}
