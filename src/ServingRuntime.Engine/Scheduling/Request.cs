using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.KVCache;
using Octavo.ServingRuntime.Engine.Pooling;
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
        PromptLogprobs = source.SamplingParams.PromptLogprobs is { } top ? new PromptLogprobs(source.PromptTokenIds.Count, top) : null;
        Pooling = source.Pooling is { } pooling ? new PoolingState(pooling) : null;
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

    /// <summary>Guesses at the tokens to come, to be verified by the next step.</summary>
    public int NumDraftTokens { get; private set; }

    /// <summary>Prompt, output and drafts.</summary>
    internal ReadOnlySpan<int> TokensAndDrafts => tokens.AsSpan(0, NumTokens + NumDraftTokens);

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

    /// <summary>Null where none are wanted.</summary>
    internal PromptLogprobs? PromptLogprobs { get; }

    /// <summary>Null where tokens are wanted, not an embedding.</summary>
    internal PoolingState? Pooling { get; }

    /// <summary>All of the prompt has to be computed for what it asks for: cached or shared blocks do not help. Its own blocks may still help others.</summary>
    internal bool NeedsWholePrompt => PromptLogprobs is { IsComplete: false } || Pooling?.Params.Type == PoolingType.Mean;

    /// <summary>Its block table.</summary>
    internal List<int> Blocks { get; } = [];

    /// <summary>Blocks at its front that have been made findable, or were found.</summary>
    internal int NumRegisteredBlocks { get; set; }

    /// <summary>Hashes of its full blocks, as far as they were needed.</summary>
    internal List<BlockHash> BlockHashes { get; } = [];

    public void AppendToken(int token)
    {
        Reserve(1);
        tokens[NumTokens++] = token;
        NumDraftTokens = 0;
    }

    /// <summary>Replaces the drafts.</summary>
    internal void SetDrafts(ReadOnlySpan<int> drafts)
    {
        Reserve(drafts.Length);
        drafts.CopyTo(tokens.AsSpan(NumTokens));
        NumDraftTokens = drafts.Length;
    }

    private void Reserve(int more)
    {
        if (NumTokens + more > tokens.Length)
        {
            Array.Resize(ref tokens, Math.Max(tokens.Length * 2, NumTokens + more));
        }
    }
}
