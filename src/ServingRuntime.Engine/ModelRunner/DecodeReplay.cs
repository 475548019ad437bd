using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Engine.Scheduling;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.ModelRunner;

/// <summary>
/// Steps in which every sequence adds one token, padded to few shapes and replayed by the backend: forward pass, logits and the likeliest tokens, with nothing of the host's between. What the host
/// wants beside (log-probabilities of prompts, embeddings) and prefill go the usual way.
/// </summary>
internal sealed class DecodeReplay
{
    private readonly IKernelBackend backend;
    private readonly ICausalLM model;
    private readonly InputBatch batch;
    private readonly Action<Tensor> chooseLikeliest;
    private readonly int maxRows;
    private readonly Action work;
    private readonly Dictionary<long, Tensor> logitsOf = [];
    private IReadOnlyList<KeyValueBlocks> cache = [];
    private Tensor logits;
    private bool worked;

    /// <param name="chooseLikeliest">What is done with the logits on the backend, into memory that stays.</param>
    /// <param name="maxRows">Most rows that logits are computed of at once.</param>
    public DecodeReplay(IKernelBackend backend, ICausalLM model, InputBatch batch, Action<Tensor> chooseLikeliest, int maxRows)
    {
        (this.backend, this.model, this.batch, this.chooseLikeliest, this.maxRows) = (backend, model, batch, chooseLikeliest, maxRows);
        work = Work;
    }

    /// <summary>What the step is to be padded to; null: it is none of these.</summary>
    public DecodeShape? ShapeOf(SchedulerOutput step)
    {
        var longest = 0;
        for (var i = 0; i < step.Requests.Count; i++)
        {
            var scheduled = step.Requests[i];
            var request = scheduled.Request;
            if (scheduled.NumTokens != 1 || !scheduled.Samples || request.Pooling is not null || request.PromptLogprobs is { IsComplete: false })
            {
                return null;
            }

            longest = Math.Max(longest, request.NumComputedTokens + 1);
        }

        return DecodeShape.Padded(step.Requests.Count) <= maxRows ? DecodeShape.Of(step.Requests.Count, longest) : null;
    }

    /// <summary>Logits [shape's sequences, vocabulary] of the batch as it was filled for the shape; their likeliest tokens are chosen.</summary>
    public Tensor Run(DecodeShape shape, IReadOnlyList<KeyValueBlocks> blocks)
    {
        var key = ((long)shape.Sequences << 32) | (uint)shape.MaxSequenceLength;
        (cache, worked) = (blocks, false);
        backend.Replay(key, work);
        if (worked)
        {
            logitsOf[key] = logits;
        }

        return logitsOf[key];
    }

    private void Work()
    {
        var hidden = model.Forward(batch.TokenIds, batch.Metadata, cache);
        logits = model.ComputeLogits(hidden, batch.AllLogitRows);
        chooseLikeliest(logits);
        worked = true;
    }
}
