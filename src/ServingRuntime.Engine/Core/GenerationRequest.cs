using System.Diagnostics;
using Octavo.ServingRuntime.Engine.StructuredOutput;

namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>A request as the front end hands it over: tokens, how to sample, and what concerns only its text.</summary>
public sealed record GenerationRequest
{
    public required string RequestId { get; init; }
    public required IReadOnlyList<int> PromptTokenIds { get; init; }
    public required SamplingParams SamplingParams { get; init; }

    /// <summary>Independent answers; each is a request of its own to the engine.</summary>
    public int N { get; init; } = 1;

    /// <summary>Texts that end an answer, wherever in the tokens they fall.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Whether the text keeps the stop string or stop token that ended it.</summary>
    public bool IncludeStopStringInOutput { get; init; }

    public bool SkipSpecialTokens { get; init; } = true;

    /// <summary>Special tokens that stay in the text even so, because whoever reads it needs them.</summary>
    public IReadOnlySet<int>? ShownSpecialTokenIds { get; init; }
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];
    public int Priority { get; init; }
    public string? CacheSalt { get; init; }

    /// <inheritdoc cref="EngineCoreRequest.Tenant"/>
    public string? Tenant { get; init; }

    /// <inheritdoc cref="EngineCoreRequest.Deadline"/>
    public long? Deadline { get; init; }

    /// <inheritdoc cref="EngineCoreRequest.Constraint"/>
    public ITokenConstraintSource? Constraint { get; init; }

    /// <summary>
    /// Tokens of an answer that may gather before the caller is woken; its first and last output always come at once. 1 for a streamed answer; more spares a
    /// caller who wants the whole one a wake a token, at the price of learning of a stop string as many tokens later.
    /// </summary>
    public int StreamInterval { get; init; } = 1;

    /// <summary>Asks for the prompt's embedding (<see cref="AsyncLlm.EmbedAsync"/>) instead of tokens.</summary>
    public PoolingParams? Pooling { get; init; }

    /// <summary>The id under which the client knows the request, for the log; null: it has none.</summary>
    public string? ClientRequestId { get; init; }

    /// <summary>The caller's span, whose child the request's is.</summary>
    public ActivityContext TraceParent { get; init; }

    /// <summary>When the request came in, in <see cref="TimeProvider.GetTimestamp"/> units; latencies count from here.</summary>
    public long ArrivalTimestamp { get; init; }
}
