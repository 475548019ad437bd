using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.KVCache;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Engine.ModelRunner;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Engine.Scheduling;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Speculation;

/// <summary>
/// Drafts by a smaller model with the same vocabulary, run greedily (Leviathan et al. 2023, with this engine's own verification). It follows each request with a
/// shadow, which has blocks of its own, and computes what is new of it at each step: tokens that failed are taken back, long prompts are caught up with in
/// chunks. Where its blocks do not suffice a request goes without drafts.
/// </summary>
internal sealed class DraftModelProposer : IDraftProposer
{
    private readonly IKernelBackend backend;
    private readonly Checkpoint checkpoint;
    private readonly ICausalLM model;
    private readonly ModelConfig config;
    private readonly DType cacheType;
    private readonly InputBatch batch;
    private readonly DecodeReplay? decode;
    private readonly Tensor best;
    private readonly int[] tokens;
    private readonly int budget;
    private readonly int maxModelLen;
    private readonly int sequences;
    private readonly Dictionary<Request, Shadow> shadows = [];
    private readonly List<(Request Target, Shadow Shadow)> drafting = [];
    private KeyValueBlocks[] cache = [];
    private KVCacheManager blocks;
    private SchedulerOutput step;
    private int round;

    /// <summary><see cref="AllocateBlocks"/> makes it ready.</summary>
    /// <param name="cacheType">How the large model keeps keys and values.</param>
    /// <exception cref="CheckpointException">The two models do not fit together, or the checkpoint is faulty.</exception>
    public DraftModelProposer(EngineOptions options, ModelConfig target, IKernelBackend backend, int maxModelLen, DType cacheType)
    {
        var folder = options.Speculative!.DraftModelPath!;
        config = ModelConfig.Load(folder);
        if (config.VocabSize != target.VocabSize || config.MaxPositionEmbeddings < maxModelLen)
        {
            throw new CheckpointException(
                $"{folder}: a draft model for {target.VocabSize} tokens of vocabulary and {maxModelLen} positions is needed, this one has {config.VocabSize} and {config.MaxPositionEmbeddings}");
        }

        this.backend = backend;
        this.maxModelLen = maxModelLen;
        this.cacheType = cacheType;
        int size = options.BlockSize, blocksEach = (maxModelLen + size - 1) / size;
        sequences = options.Speculative.MaxRunningRequests;
        checkpoint = Checkpoint.Open(folder);
        model = ModelRegistry.Create(config, new WeightLoader(checkpoint, backend, EngineCoreFactory.ChooseDType(options, config, backend)), maxModelLen);
        MaxBlocks = ((long)sequences * blocksEach) + 1;
        BlockBytes = checked(config.NumHiddenLayers * backend.KeyValueBlockBytes(config.NumKeyValueHeads, config.HeadDim, size, cacheType));
        budget = Math.Max(options.MaxNumBatchedTokens, sequences);
        batch = new InputBatch(backend, budget, sequences, blocksEach, size);
        best = backend.Allocate(new TensorShape(backend.CanReplay ? DecodeShape.Padded(sequences) : sequences), DType.Int32);
        decode = backend.CanReplay && !model.NeedsHost ? new DecodeReplay(backend, model, batch, logits => ChooseLikeliest(logits), best.Shape[0]) : null;
        tokens = new int[sequences];
        blocks = new KVCacheManager(new BlockPool(2), size, enablePrefixCaching: false);
        step = new SchedulerOutput(blocks.Moves);
    }

    /// <summary>Of one block in all layers.</summary>
    public long BlockBytes { get; }

    /// <summary>Blocks that all its sequences at full length need; it has fewer where the large model has.</summary>
    public long MaxBlocks { get; }

    /// <summary>Runs a step as large as any will be, so that all memory for it is there.</summary>
    public void RunLargestStep() => new LargestStep(budget, sequences, best.Shape[0], maxModelLen, blocks.BlockSize).Run(backend, model, config, cacheType);

    /// <summary>Must come before <see cref="Propose"/>.</summary>
    /// <param name="target">The large model's: as many blocks as that has at most, of the same type.</param>
    public void AllocateBlocks(KVCacheConfig target)
    {
        var own = target with { NumBlocks = (int)Math.Min(MaxBlocks, target.NumBlocks), BytesPerBlock = BlockBytes };
        cache = own.Allocate(backend, config);

        // Not cached by content: tokens that are taken back would leave blocks that are not what they are known for.
        blocks = new KVCacheManager(new BlockPool(own.NumBlocks), own.BlockSize, enablePrefixCaching: false);
        step = new SchedulerOutput(blocks.Moves);
    }

    public void Propose(IReadOnlyList<Request> requests)
    {
        round++;
        step.Clear();
        drafting.Clear();
        for (var i = 0; i < requests.Count; i++)
        {
            Follow(requests[i]);
        }

        for (int i = 0, left = budget; i < requests.Count; i++)
        {
            left -= Schedule(requests[i], left - (requests.Count - i - 1));
        }

        // Those that have caught up go on, a token in each pass, until they have what is wanted.
        for (var drafted = 1; step.Requests.Count > 0; drafted++)
        {
            Forward();
            step.Clear();
            for (var i = drafting.Count - 1; i >= 0; i--)
            {
                var (target, shadow) = drafting[i];
                if (drafted < target.Drafting!.Wanted && blocks.TryAllocateSlots(shadow.Request, 1))
                {
                    step.Add(shadow.Request, 1);
                    continue;
                }

                target.SetDrafts(shadow.Request.Tokens[target.NumTokens..]);
                drafting.RemoveAt(i);
            }
        }
    }

    public void Forget(Request request)
    {
        if (shadows.Remove(request, out var shadow))
        {
            blocks.Free(shadow.Request, 0);
        }
    }

    public void Dispose()
    {
        batch.Dispose();
        best.Memory.Dispose();
        foreach (var layer in cache)
        {
            layer.Dispose();
        }

        model.Dispose();
        checkpoint.Dispose();
    }

    private void Follow(Request target)
    {
        if (!shadows.TryGetValue(target, out var shadow))
        {
            var source = new EngineCoreRequest { RequestId = target.Id, PromptTokenIds = target.Source.PromptTokenIds, SamplingParams = target.SamplingParams };
            shadows[target] = shadow = new Shadow(new Request(source, target.Arrival, 0));
            shadow.Request.Reserve(maxModelLen, blocks.BlockSize);
        }

        shadow.Round = round;
        shadow.Follow(target);
    }

    /// <summary>Puts into the step what the shadow lacks, within a limit.</summary>
    /// <returns>Tokens.</returns>
    private int Schedule(Request target, int limit)
    {
        var shadow = shadows[target];
        var count = Math.Min(shadow.Request.NumTokens - shadow.Request.NumComputedTokens, limit);
        if (count <= 0 || !(blocks.TryAllocateSlots(shadow.Request, count) || (FreeOthers() && blocks.TryAllocateSlots(shadow.Request, count))))
        {
            return 0;
        }

        step.Add(shadow.Request, count);
        if (step.Requests[^1].Samples)
        {
            drafting.Add((target, shadow));
        }

        return count;
    }

    /// <summary>Takes the blocks of shadows whose requests have not been drafted for lately; they catch up when they are again.</summary>
    private bool FreeOthers()
    {
        var before = blocks.Pool.FreeCount;
        foreach (var (_, shadow) in shadows)
        {
            if (shadow.Round != round)
            {
                blocks.Free(shadow.Request, 0);
                shadow.Request.NumComputedTokens = 0;
            }
        }

        return blocks.Pool.FreeCount > before;
    }

    private void ChooseLikeliest(in Tensor logits) => backend.ArgMax(logits, best.Rows(0, logits.Shape[0]));

    /// <summary>One pass, replayed where each shadow adds a token, as in all passes but the first; each that has caught up gets its likeliest next token.</summary>
    private void Forward()
    {
        var shape = decode?.ShapeOf(step);
        batch.Fill(step, shape);
        var rows = batch.LogitRows.Shape[0];
        if (shape is { } replayed)
        {
            decode!.Run(replayed, cache);
        }
        else
        {
            var hidden = model.Forward(batch.TokenIds, batch.Metadata, cache);
            if (rows > 0)
            {
                ChooseLikeliest(model.ComputeLogits(hidden, batch.LogitRows));
            }
        }

        if (rows > 0)
        {
            backend.CopyToHost(best.Rows(0, rows), tokens.AsSpan(0, rows));
        }

        var row = 0;
        for (var i = 0; i < step.Requests.Count; i++)
        {
            var scheduled = step.Requests[i];
            var samples = scheduled.Samples;
            scheduled.Request.NumComputedTokens += scheduled.NumTokens;
            if (samples)
            {
                // No number (NaN): any token will do as a guess.
                scheduled.Request.AppendToken(Math.Max(0, tokens[row++]));
            }
        }
    }

    /// <summary>A request as the draft model knows it: the real one's tokens and, beyond, its own guesses.</summary>
    private sealed class Shadow(Request request)
    {
        private int followed;

        public Request Request => request;

        public int Round { get; set; }

        public void Follow(Request target)
        {
            var same = Math.Min(followed, request.NumTokens);
            while (same < Math.Min(request.NumTokens, target.NumTokens) && request.Tokens[same] == target.Tokens[same])
            {
                same++;
            }

            request.Truncate(same);
            for (var i = same; i < target.NumTokens; i++)
            {
                request.AppendToken(target.Tokens[i]);
            }

            // The last token's successor is wanted, so it is computed in any case.
            request.NumComputedTokens = Math.Min(request.NumComputedTokens, target.NumTokens - 1);
            followed = target.NumTokens;
        }
    }
}
