using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.KVCache;
using Octavo.ServingRuntime.Engine.Sampling;
using Octavo.ServingRuntime.Engine.StructuredOutput;

namespace Octavo.ServingRuntime.Engine.Scheduling;

/// <summary>A request inside the engine: its tokens so far and how far they are computed. Owned by the engine's thread.</summary>
public sealed class Request
{
    private int[] tokens;

    /// <param name="arrival">Order of arrival; unique.</param>
    /// <param name="samplingSeed">The request's own seed or one made for it.</param>
    /// <param name="constraint">Its own state of <see cref="EngineCoreRequest.Constraint"/>.</param>
    public Request(EngineCoreRequest source, long arrival, ulong samplingSeed, ITokenConstraint? constraint = null)
    {
        Source = source;
        Sampling = new SamplingState(source, constraint);
        Arrival = arrival;
        SamplingSeed = samplingSeed;
        tokens = new int[source.PromptTokenIds.Count + Math.Min(source.SamplingParams.MaxTokens, 256)];
        for (var i = 0; i < source.PromptTokenIds.Count; i++)
        {
            tokens[i] = source.PromptTokenIds[i];
        }

        NumTokens = NumPromptTokens = source.PromptTokenIds.Count;
    }

    public EngineCoreRequest Source { get; }

    public string Id => Source.RequestId;

    public SamplingParams SamplingParams => Source.SamplingParams;

    public int Priority => Source.Priority;

    public long Arrival { get; }

    public ulong SamplingSeed { get; }

    /// <summary>Prompt and output.</summary>
    public ReadOnlySpan<int> Tokens => tokens.AsSpan(0, NumTokens);

    public ReadOnlySpan<int> OutputTokens => tokens.AsSpan(NumPromptTokens, NumOutputTokens);

    public int NumPromptTokens { get; }

    public int NumTokens { get; private set; }

    public int NumOutputTokens => NumTokens - NumPromptTokens;

    /// <summary>Tokens whose keys and values are stored.</summary>
    public int NumComputedTokens { get; internal set; }

    public RequestStatus Status { get; internal set; } = RequestStatus.Waiting;

    public int NumPreemptions { get; internal set; }

    /// <summary>Prompt tokens found in the prefix cache at the first admission.</summary>
    public int NumCachedTokens { get; internal set; }

    /// <summary>Null until first admitted.</summary>
    public long? FirstScheduledTimestamp { get; internal set; }

    /// <summary>Tokens that were computed before a preemption; what of them is not found in the cache is recomputed.</summary>
    internal int ComputedBeforePreemption { get; set; }

    /// <summary>What the queue counts it as: tokens to compute when it is admitted, as far as known when it was queued.</summary>
    internal int UncachedTokensWhenQueued { get; set; }

    internal SamplingState Sampling { get; }

    /// <summary>Its block table.</summary>
    internal List<int> Blocks { get; } = [];

    /// <summary>Hashes of its full blocks, as far as they were needed.</summary>
    internal List<BlockHash> BlockHashes { get; } = [];

    public void AppendToken(int token)
    {
        if (NumTokens == tokens.Length)
        {
            Array.Resize(ref tokens, tokens.Length * 2);
        }

        tokens[NumTokens++] = token;
    }
}
