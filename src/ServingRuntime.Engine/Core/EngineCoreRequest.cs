using Octavo.ServingRuntime.Engine.StructuredOutput;

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

    /// <summary>Whose request it is: waiting requests of different tenants are admitted in turn, by tokens. Null: the common tenant.</summary>
    public string? Tenant { get; init; }

    /// <summary>In <see cref="TimeProvider.GetTimestamp"/> units: ended with <see cref="FinishReason.Abort"/> by the first step after it. Null: never.</summary>
    public long? Deadline { get; init; }

    /// <summary>A request added before whose prompt is the same: its prompt's blocks are shared. Where that one has gone it changes nothing.</summary>
    public string? ForkOf { get; init; }

    /// <summary>Restricts what may be sampled; each request gets its own state from it.</summary>
    public ITokenConstraintSource? Constraint { get; init; }

    /// <summary>Asks for the prompt's embedding instead of tokens.</summary>
    public PoolingParams? Pooling { get; init; }

    /// <summary>When the front end got it, in <see cref="TimeProvider.GetTimestamp"/> units.</summary>
    public long ArrivalTimestamp { get; init; }
}
