using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.ModelRunner;
using Octavo.ServingRuntime.Engine.Scheduling;
using Octavo.ServingRuntime.Kernels;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Octavo.ServingRuntime.Engine.Sampling;

/// <summary>
/// Logits to tokens. A row's token depends on its own logits, parameters, seed and number of tokens alone. Plain greedy rows are done by the
/// backend at once; others are brought to the host one by one. Log-probabilities are of the raw logits, before any change.
/// </summary>
internal sealed class Sampler : IDisposable
{
    private readonly IKernelBackend backend;
    private readonly Tensor greedy;
    private readonly Tensor logprobs;
    private readonly int[] greedyTokens;
    private readonly float[] row;
    private readonly LogitsProcessor processor;
    private readonly TokenPicker picker;

    public Sampler(IKernelBackend backend, int vocabSize, int maxRows)
    {
        this.backend = backend;
        greedy = backend.Allocate(new TensorShape(maxRows), DType.Int32);
        logprobs = backend.Allocate(new TensorShape(1, vocabSize), DType.Float32);
        greedyTokens = new int[maxRows];
        row = new float[vocabSize];
        processor = new LogitsProcessor(vocabSize);
        picker = new TokenPicker(vocabSize);
    }

    /// <param name="logits">[R, V], a row for each request of the step that samples, in order.</param>
    public void Sample(in Tensor logits, SchedulerOutput step, ModelRunnerOutput output)
    {
        var count = logits.Shape[0];
        backend.ArgMax(logits, greedy.Rows(0, count));
        backend.CopyToHost(greedy.Rows(0, count), greedyTokens.AsSpan(0, count));
        var at = 0;
        for (var i = 0; i < step.Requests.Count; i++)
        {
            if (step.Requests[i].Samples)
            {
                output.Add(SampleRow(logits.Rows(at, 1), step.Requests[i].Request, greedyTokens[at]));
                output.EndRequest();
                at++;
            }
        }
    }

    public void Dispose()
    {
        greedy.Memory.Dispose();
        logprobs.Memory.Dispose();
    }

    private SampledToken SampleRow(in Tensor logits, Request request, int greedyToken)
    {
        if (greedyToken < 0)
        {
            return new SampledToken(-1, null);
        }

        var parameters = request.SamplingParams;
        var changes = LogitsProcessor.Changes(request);
        var token = greedyToken;
        if (changes || !parameters.IsGreedy)
        {
            backend.CopyToHost(logits, row.AsSpan());
            if (changes)
            {
                processor.Apply(request, row);
            }

            // Keyed by the number of tokens before it, so that recomputing changes nothing.
            token = parameters.IsGreedy
                ? TensorPrimitives.IndexOfMax<float>(row)
                : picker.Pick(row, parameters, CounterRandom.Uniform(request.SamplingSeed, request.NumTokens));
        }

        return new SampledToken(token, parameters.Logprobs is { } top ? Logprobs(logits, token, top) : null);
    }

    private TokenLogprobs Logprobs(in Tensor logits, int token, int top)
    {
        backend.LogSoftmax(logits, logprobs);
        backend.CopyToHost(logprobs, row.AsSpan());
        return LogprobsGatherer.Gather(row, token, top);
    }
}
