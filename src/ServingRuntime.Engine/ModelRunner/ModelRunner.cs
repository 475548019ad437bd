using Octavo.ServingRuntime.Engine.KVCache;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Engine.Pooling;
using Octavo.ServingRuntime.Engine.Sampling;
using Octavo.ServingRuntime.Engine.Scheduling;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.ModelRunner;

/// <summary>Owns the KV blocks' memory; turns a step into tensors, runs the model and samples. The model and the backend belong to the caller.</summary>
internal sealed class ModelRunner : IModelRunner
{
    // Logits are computed for as many rows at a time as fit into this, and for some rows in any case: the head's weights are read anew for each slice.
    private const long DefaultMaxLogitsBytes = 64L << 20;
    private const int MinLogitRows = 32;
    private readonly IKernelBackend backend;
    private readonly ICausalLM model;
    private readonly IBlockTier? tier;
    private readonly InputBatch batch;
    private readonly Sampler sampler;
    private readonly PromptScorer promptScorer;
    private readonly Pooler pooler;
    private readonly ModelRunnerOutput output = new();
    private readonly LargestStep largestStep;
    private readonly DecodeReplay? decode;
    private readonly ModelConfig config;
    private readonly int maxLogitRows;
    private KeyValueBlocks[] cache = [];

    /// <summary><see cref="AllocateBlocks"/> makes it ready to run.</summary>
    public ModelRunner(IKernelBackend backend, ICausalLM model, ModelConfig config, EngineOptions options, int maxModelLen, IBlockTier? tier = null, long maxLogitsBytes = DefaultMaxLogitsBytes)
    {
        this.backend = backend;
        this.tier = tier;
        this.model = model;
        this.config = config;
        var size = options.BlockSize;
        maxLogitRows = (int)Math.Clamp(maxLogitsBytes / sizeof(float) / config.VocabSize, MinLogitRows, Math.Max(options.MaxNumBatchedTokens, MinLogitRows));
        if (backend.CanReplay)
        {
            // A step of as many sequences as there may be is one piece, with its logits.
            maxLogitRows = Math.Max(maxLogitRows, DecodeShape.Padded(options.MaxNumSeqs));
        }

        batch = new InputBatch(backend, options.MaxNumBatchedTokens, options.MaxNumSeqs, (maxModelLen + size - 1) / size, size);
        sampler = new Sampler(backend, config.VocabSize, maxLogitRows);
        promptScorer = new PromptScorer(backend, model, config.VocabSize, maxLogitRows);
        pooler = new Pooler(backend, config.HiddenSize);
        output.Reserve(options.MaxNumSeqs, options.MaxNumSeqs * (1 + (options.Speculative?.NumSpeculativeTokens ?? 0)));
        decode = backend.CanReplay && !model.NeedsHost ? new DecodeReplay(backend, model, batch, logits => sampler.ChooseLikeliest(logits), maxLogitRows) : null;
        largestStep = new LargestStep(options.MaxNumBatchedTokens, options.MaxNumSeqs, maxLogitRows, maxModelLen, size);
    }

    /// <summary>Runs a step as large as any will be, on blocks of its own, so that all memory for it is there.</summary>
    public void RunLargestStep(DType cacheType) => largestStep.Run(backend, model, config, cacheType);

    /// <summary>Must come before <see cref="Execute"/>.</summary>
    public void AllocateBlocks(KVCacheConfig blocks)
    {
        cache = blocks.Allocate(backend, config);
        tier?.Attach(cache);
    }

    public ModelRunnerOutput Execute(SchedulerOutput step)
    {
        MoveBlocks(step.Moves);
        var shape = decode?.ShapeOf(step);
        batch.Fill(step, shape);
        output.Clear();
        if (shape is { } replayed)
        {
            Sample(default, step, decode!.Run(replayed, cache));
            return output;
        }

        var hidden = model.Forward(batch.TokenIds, batch.Metadata, cache);
        TakePrompts(hidden, step);
        Sample(hidden, step, null);
        return output;
    }

    public Device Device => backend.Device;

    public void CheckDevice() => backend.CheckDevice();

    public void Dispose()
    {
        batch.Dispose();
        sampler.Dispose();
        promptScorer.Dispose();
        pooler.Dispose();
        foreach (var layer in cache)
        {
            layer.Dispose();
        }
    }

    private void MoveBlocks(BlockMoves moves)
    {
        if (moves.Stores.Length + moves.Loads.Length > 0)
        {
            tier!.Transfer(moves.Stores, moves.Loads);
        }

        if (moves.Copies.Length > 0)
        {
            backend.CopyBlocks(cache, moves.Copies);
        }
    }

    /// <summary>What requests want of their prompts' tokens: log-probabilities and embeddings.</summary>
    private void TakePrompts(in Tensor hidden, SchedulerOutput step)
    {
        for (int i = 0, row = 0; i < step.Requests.Count; i++)
        {
            var scheduled = step.Requests[i];
            if (scheduled.Request.PromptLogprobs is { IsComplete: false } logprobs)
            {
                promptScorer.Score(logprobs, hidden, row, scheduled);
            }

            if (scheduled.Request.Pooling is { } pooling)
            {
                pooler.Add(pooling, hidden, row, scheduled);
            }

            row += scheduled.NumTokens;
        }
    }

    /// <param name="ready">Logits of all rows, whose likeliest the sampler has; null: they are computed, in slices.</param>
    private void Sample(in Tensor hidden, SchedulerOutput step, Tensor? ready)
    {
        var logits = default(Tensor);
        int row = 0, sliceStart = 0, sliceEnd = 0, fork = 0;
        for (var i = 0; i < step.Requests.Count; i++)
        {
            var scheduled = step.Requests[i];
            if (!scheduled.Samples)
            {
                continue;
            }

            if (scheduled.Request.Pooling is { } pooling)
            {
                if (!pooling.TryFinish())
                {
                    output.Add(SampledToken.Corrupted("hidden states"));
                }
            }
            else
            {
                // A slice may end within a request's rows; the next begins with all of them.
                if (row + 1 + scheduled.NumDraftTokens > sliceEnd)
                {
                    sliceStart = row;
                    sliceEnd = Math.Min(row + maxLogitRows, batch.LogitRows.Shape[0]);
                    logits = ready?.Rows(0, sliceEnd) ?? model.ComputeLogits(hidden, batch.LogitRows.Rows(sliceStart, sliceEnd - sliceStart));
                    sampler.Begin(logits, ready is not null);
                    Announce(step, i, fork, row - sliceStart, sliceEnd - sliceStart);
                    sampler.ChooseAhead();
                }

                sampler.Sample(logits, row - sliceStart, scheduled, output);
                output.EndRequest();
                for (; fork < step.Forks.Count && step.Forks[fork].Parent == i; fork++)
                {
                    sampler.Sample(logits, row - sliceStart, new ScheduledRequest(step.Forks[fork].Request, 0), output);
                    output.EndRequest();
                }

                row += 1 + scheduled.NumDraftTokens;
                continue;
            }

            output.EndRequest();
        }
    }
    /// <summary>What will be sampled from a slice of logits, in the order in which it will.</summary>
    private void Announce(SchedulerOutput step, int first, int fork, int row, int rows)
    {
        for (var i = first; i < step.Requests.Count; i++)
        {
            var scheduled = step.Requests[i];
            if (!scheduled.Samples || scheduled.Request.Pooling is not null)
            {
                continue;
            }

            if (row + 1 + scheduled.NumDraftTokens > rows)
            {
                return;
            }

            sampler.Announce(row, scheduled.Request);
            for (; fork < step.Forks.Count && step.Forks[fork].Parent == i; fork++)
            {
                sampler.Announce(row, step.Forks[fork].Request);
            }

            row += 1 + scheduled.NumDraftTokens;
        }
    }
}
