using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.KVCache;
using Octavo.ServingRuntime.Engine.Pooling;
using Octavo.ServingRuntime.Engine.Sampling;
using Octavo.ServingRuntime.Engine.Speculation;
using Octavo.ServingRuntime.Engine.StructuredOutput;

namespace Octavo.ServingRuntime.Engine.Scheduling;

/// <summary>A request inside the engine: its tokens so far and how far they are computed. Owned by the engine's thread.</summary>
public sealed class Request
{
    /// <summary>Output that room is made for at admission, so that decoding allocates nothing; longer ones double it.</summary>
    private const int ReservedOutputTokens = 4096;
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
        Arrival = Family = arrival;
        SamplingSeed = samplingSeed;
        tokens = [.. source.PromptTokenIds];
        EosTokenIds = [.. source.EosTokenIds];
        StopTokenIds = [.. source.SamplingParams.StopTokenIds];
        ExtraKeys = ExtraKey.List(source.CacheSalt);
        NumTokens = NumPromptTokens = tokens.Length;
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

    /// <summary>Prompt tokens found in the prefix cache at the first admission; a fork's are its parent's, since one prompt was computed for both.</summary>
    public int NumCachedTokens { get; internal set; }

    /// <summary>Those of them that came from the second tier.</summary>
    public int NumTierTokens { get; internal set; }

    /// <summary>Null until first admitted.</summary>
    public long? FirstScheduledTimestamp { get; internal set; }

    internal int[] EosTokenIds { get; }

    internal int[] StopTokenIds { get; }

    internal ExtraKey[] ExtraKeys { get; }

    /// <summary>Most tokens that were ever computed: what is computed again below that was lost to a preemption.</summary>
    internal int MostComputedTokens { get; set; }

    /// <summary>What the queue counts it as: tokens to compute when it is admitted, as far as known when it was queued.</summary>
    internal int UncachedTokensWhenQueued { get; set; }

    internal SamplingState Sampling { get; }

    /// <summary>Null where none are wanted.</summary>
    internal PromptLogprobs? PromptLogprobs { get; }

    /// <summary>Null where tokens are wanted, not an embedding.</summary>
    internal PoolingState? Pooling { get; }

    /// <summary>Null until it is first considered for drafts.</summary>
    internal DraftState? Drafting { get; set; }

    /// <summary>All of the prompt has to be computed for what it asks for: cached or shared blocks do not help. Its own blocks may still help others.</summary>
    internal bool NeedsWholePrompt => PromptLogprobs is { IsComplete: false } || Pooling?.Params.Type == PoolingType.Mean;

    /// <summary>Its block table.</summary>
    internal List<int> Blocks { get; } = [];

    /// <summary>Blocks at its front that have been made findable, or were found.</summary>
    internal int NumRegisteredBlocks { get; set; }

    /// <summary>Hashes of its full blocks, as far as they were needed.</summary>
    internal List<BlockHash> BlockHashes { get; } = [];

    /// <summary>While it waits for another's prompt: that other.</summary>
    internal Request? Parent { get; set; }

    /// <summary>Those that wait for this one's prompt, in order of arrival; null: never had any.</summary>
    internal List<Request>? Forks { get; set; }

    /// <summary>The same for requests that may share a block which no hash names.</summary>
    internal long Family { get; set; }

    /// <summary>Whom it is charged to; null before it is first queued.</summary>
    internal TenantAccount? Account { get; set; }

    internal int QueuePlace = -1;
    internal int DeadlinePlace = -1;

    public void AppendToken(int token)
    {
        MakeRoom(1);
        tokens[NumTokens++] = token;
        NumDraftTokens = 0;
    }

    /// <summary>Takes tokens back from the end. Only where no cache knows the blocks by what they held.</summary>
    internal void Truncate(int numTokens)
    {
        NumTokens = numTokens;
        NumDraftTokens = 0;
        NumComputedTokens = Math.Min(NumComputedTokens, numTokens);
    }

    /// <summary>Replaces the drafts.</summary>
    internal void SetDrafts(ReadOnlySpan<int> drafts)
    {
        MakeRoom(drafts.Length);
        drafts.CopyTo(tokens.AsSpan(NumTokens));
        NumDraftTokens = drafts.Length;
    }

    private void MakeRoom(int more)
    {
        if (NumTokens + more > tokens.Length)
        {
            Array.Resize(ref tokens, Math.Max(tokens.Length * 2, NumTokens + more));
        }
    }

    /// <summary>
    /// Whether this one, added later, may take its prompt's blocks and logits from another: the same prompt of the same tenant under the same salt, the other still without
    /// an output, and neither of them asking for anything that is made while a prompt is computed.
    /// </summary>
    internal bool CanForkFrom(Request parent) =>
        parent.NumOutputTokens == 0 && parent.Priority == Priority && parent.Source.Pooling is null && Source.Pooling is null
        && SamplingParams.PromptLogprobs is null && parent.Source.CacheSalt == Source.CacheSalt && parent.Source.Tenant == Source.Tenant && parent.Tokens.SequenceEqual(Tokens);

    /// <summary>Makes room for what it may generate; called when it starts to run, so that waiting requests take no more than their prompts.</summary>
    internal void Reserve(int maxModelLen, int blockSize)
    {
        var most = Math.Min((long)NumPromptTokens + Math.Min(SamplingParams.MaxTokens, ReservedOutputTokens), maxModelLen);
        if (most > tokens.Length)
        {
            Array.Resize(ref tokens, (int)most);
        }

        var blocks = (tokens.Length + blockSize - 1) / blockSize;
        Blocks.EnsureCapacity(blocks);
        BlockHashes.EnsureCapacity(blocks);
    }
}
