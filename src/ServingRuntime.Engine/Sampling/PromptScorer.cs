using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Engine.Scheduling;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Sampling;

/// <summary>Log-probabilities of a prompt's own tokens, chunk by chunk. Logits are computed for a bounded number of rows at a time, since all rows of a chunk may be gigabytes.</summary>
internal sealed class PromptScorer : IDisposable
{
    private readonly IKernelBackend backend;
    private readonly ICausalLM model;
    private readonly Tensor rows;
    private readonly int[] rowIndexes;
    private readonly float[] row;
    private readonly LogprobsGatherer gatherer;

    /// <param name="maxRows">Rows of logits at a time.</param>
    public PromptScorer(IKernelBackend backend, ICausalLM model, int vocabSize, int maxRows)
    {
        this.backend = backend;
        this.model = model;
        rows = backend.Allocate(new TensorShape(maxRows), DType.Int32);
        rowIndexes = new int[maxRows];
        row = new float[vocabSize];
        gatherer = new LogprobsGatherer(vocabSize);
    }

    /// <param name="hidden">[T, hidden].</param>
    /// <param name="firstRow">Row of the request's first token in this step.</param>
    public void Score(PromptLogprobs logprobs, in Tensor hidden, int firstRow, in ScheduledRequest scheduled)
    {
        var request = scheduled.Request;

        // The row of a token tells the next one's probability; the prompt's last row is the sampler's.
        var end = Math.Min(request.NumComputedTokens + scheduled.NumTokens + 1, request.NumPromptTokens);
        while (logprobs.Next < end)
        {
            var count = Math.Min(end - logprobs.Next, rowIndexes.Length);
            for (var i = 0; i < count; i++)
            {
                rowIndexes[i] = firstRow + (logprobs.Next - 1 - request.NumComputedTokens) + i;
            }

            backend.CopyToDevice<int>(rowIndexes.AsSpan(0, count), rows.Rows(0, count));
            var logits = model.ComputeLogits(hidden, rows.Rows(0, count));
            backend.LogSoftmax(logits, logits);
            for (var i = 0; i < count; i++)
            {
                backend.CopyToHost(logits.Rows(i, 1), row.AsSpan());
                logprobs.Add(gatherer.Gather(row, request.Tokens[logprobs.Next], logprobs.Top, []));
            }
        }
    }

    public void Dispose() => rows.Memory.Dispose();
}
