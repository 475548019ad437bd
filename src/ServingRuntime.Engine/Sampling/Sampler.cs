using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.ModelRunner;
using Octavo.ServingRuntime.Engine.Scheduling;
using Octavo.ServingRuntime.Engine.StructuredOutput;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Sampling;

/// <summary>
/// Logits to tokens. A row's token depends on its own logits, parameters, constraint, seed and number of tokens alone. Plain greedy rows are done by the
/// backend at once; so are sampled ones whose logits nothing changes, where it is an <see cref="ISamplingKernels"/>; others are brought to the host, those without a constraint several at a time, by
/// the backend's threads. Log-probabilities are of the raw logits, before any change. What goes wrong with one request
/// is that request's fault and nobody else's.
/// </summary>
internal sealed class Sampler : IDisposable
{
    /// <summary>What a request is told that may have none.</summary>
    private const string NothingMayFollow = "no token may follow: the request's restrictions forbid all";

    // Each has a few megabytes of memory where the vocabulary is large.
    private const int MaxThreads = 16;
    private readonly IKernelBackend backend;
    private readonly Tensor greedy;
    private readonly Tensor logSoftmax;
    private readonly int[] greedyTokens;
    private readonly float[] row;
    private readonly uint[] mask;
    private readonly RowSampler[] threads;
    private readonly Action<int, int> chooseAhead;
    private readonly LogprobsGatherer gatherer;
    private readonly List<(Request Request, int Row)> ahead = [];
    private readonly List<int> aheadOnHost = [];
    private readonly List<int> aheadOnDevice = [];
    private readonly List<SamplingRow> draws = [];
    private readonly ISamplingKernels? kernels;
    private int[] drawn = [];
    private int[] aheadTokens = [];
    private Tensor aheadLogits;
    private int aheadNext;
    private int aheadTaken;

    public Sampler(IKernelBackend backend, int vocabSize, int maxRows)
    {
        this.backend = backend;
        kernels = backend as ISamplingKernels;
        greedy = backend.Allocate(new TensorShape(maxRows), DType.Int32);
        logSoftmax = backend.Allocate(new TensorShape(1, vocabSize), DType.Float32);
        greedyTokens = new int[maxRows];
        row = new float[vocabSize];
        mask = new uint[TokenMask.Words(vocabSize)];
        threads = new RowSampler[Math.Min(backend.HostThreads, MaxThreads)];
        threads[0] = new RowSampler(backend, vocabSize);
        chooseAhead = (part, _) =>
        {
            // Memory comes with the first step that wants it, one that has several such rows.
            var sampler = threads[part] ??= new RowSampler(backend, vocabSize);
            for (var next = Interlocked.Increment(ref aheadTaken) - 1; next < aheadOnHost.Count; next = Interlocked.Increment(ref aheadTaken) - 1)
            {
                var i = aheadOnHost[next];
                var (request, at) = ahead[i];
                aheadTokens[i] = sampler.Choose(
                    aheadLogits.Rows(at, 1), new SamplingPosition(request, request.TokensAndDrafts[..request.NumTokens]), Changes(request, request.NumTokens - request.NumPromptTokens), [], mustEnd: false);
            }
        };
        gatherer = new LogprobsGatherer(vocabSize);
    }

    /// <summary>What <see cref="Begin"/> does on the device: the likeliest token of each row.</summary>
    public void ChooseLikeliest(in Tensor logits) => backend.ArgMax(logits, greedy.Rows(0, logits.Shape[0]));

    /// <summary>Must come before <see cref="Sample"/> of the same logits.</summary>
    /// <param name="logits">[R, V].</param>
    /// <param name="likeliestChosen">Whether <see cref="ChooseLikeliest"/> has seen them, with more rows behind them perhaps.</param>
    public void Begin(in Tensor logits, bool likeliestChosen = false)
    {
        var count = logits.Shape[0];
        if (!likeliestChosen)
        {
            ChooseLikeliest(logits);
        }

        backend.CopyToHost(greedy.Rows(0, count), greedyTokens.AsSpan(0, count));
        ahead.Clear();
        aheadOnHost.Clear();
        aheadOnDevice.Clear();
        draws.Clear();
        aheadLogits = logits;
        aheadNext = 0;
    }

    /// <summary>Says that <see cref="Sample"/> will be called with this, in the same order; then <see cref="ChooseAhead"/> may do part of it. After <see cref="Begin"/>.</summary>
    public void Announce(int row, Request request)
    {
        // Constraints of several requests may share what they have found out about a grammar.
        var changes = Changes(request, request.NumTokens - request.NumPromptTokens);
        var parameters = request.SamplingParams;
        if (greedyTokens[row] < 0 || request.Sampling.Constraint is not null || (parameters.IsGreedy && !changes))
        {
            return;
        }

        if (kernels is null || changes)
        {
            aheadOnHost.Add(ahead.Count);
        }
        else
        {
            aheadOnDevice.Add(ahead.Count);
            draws.Add(new SamplingRow(row, parameters.Temperature, parameters.TopK, parameters.TopP, parameters.MinP, CounterRandom.Uniform(request.SamplingSeed, request.NumTokens)));
        }

        ahead.Add((request, row));
    }

    /// <summary>Chooses the first tokens of what has been announced, by several threads.</summary>
    public void ChooseAhead()
    {
        if (ahead.Count == 0)
        {
            return;
        }

        if (aheadTokens.Length < ahead.Count)
        {
            aheadTokens = new int[ahead.Capacity];
        }

        if (aheadOnHost.Count > 0)
        {
            aheadTaken = 0;
            backend.RunOnHost(chooseAhead, Math.Min(threads.Length, aheadOnHost.Count));
        }

        DrawAhead();
    }

    /// <summary>
    /// A request's next tokens: that of its last real token's row, and for as long as they turn out to be the drafts that were guessed, those of the drafts' rows.
    /// Every one is sampled just as it would be without drafts, so these change nothing but the number of steps.
    /// </summary>
    /// <param name="logits">[R, V].</param>
    /// <param name="row">The request's first; its drafts' follow.</param>
    public void Sample(in Tensor logits, int row, in ScheduledRequest scheduled, ModelRunnerOutput output)
    {
        var request = scheduled.Request;
        var tokens = request.TokensAndDrafts;
        for (var draft = 0; draft <= scheduled.NumDraftTokens; draft++)
        {
            var before = tokens[..(request.NumTokens + draft)];
            var sampled = SampleRow(logits.Rows(row + draft, 1), new SamplingPosition(request, before), greedyTokens[row + draft]);
            output.Add(sampled);
            if (draft == scheduled.NumDraftTokens || sampled.Completes || sampled.TokenId != tokens[before.Length])
            {
                return;
            }
        }
    }

    public void Dispose()
    {
        greedy.Memory.Dispose();
        logSoftmax.Memory.Dispose();
    }

    /// <summary>Those that the backend draws: only their tokens come to the host.</summary>
    private void DrawAhead()
    {
        if (draws.Count == 0)
        {
            return;
        }

        if (drawn.Length < draws.Count)
        {
            drawn = new int[draws.Capacity];
        }

        kernels!.Sample(aheadLogits, greedy.Rows(0, aheadLogits.Shape[0]), CollectionsMarshal.AsSpan(draws), drawn);
        for (var i = 0; i < draws.Count; i++)
        {
            aheadTokens[aheadOnDevice[i]] = drawn[i];
        }
    }

    private SampledToken SampleRow(in Tensor logits, in SamplingPosition position, int greedyToken)
    {
        if (greedyToken < 0)
        {
            return SampledToken.Corrupted("logits");
        }

        if (position.Request.Sampling.Constraint is not { } constraint)
        {
            return Choose(logits, position, greedyToken, [], mustEnd: false);
        }

        try
        {
            return ChooseUnder(constraint, logits, position, greedyToken);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // A constraint is compiled from what a client sent: whatever it throws ends that client's request alone.
            return SampledToken.Failed($"structured output failed: {exception.Message}");
        }
    }

    private SampledToken ChooseUnder(ITokenConstraint constraint, in Tensor logits, in SamplingPosition position, int greedyToken)
    {
        // The vocabulary that the constraint knows may be smaller than the model's.
        Array.Clear(mask);
        var restricts = constraint.TryFillMask(mask);
        if (!restricts && constraint.IsComplete)
        {
            return SampledToken.Failed(NothingMayFollow);
        }

        var sampled = Choose(logits, position, greedyToken, restricts ? mask : [], constraint.IsComplete);
        if (sampled.Fault is not null)
        {
            return sampled;
        }

        constraint.Accept(sampled.TokenId);
        return sampled with { Completes = constraint.IsComplete };
    }

    private SampledToken Choose(in Tensor logits, in SamplingPosition position, int greedyToken, ReadOnlySpan<uint> allowed, bool mustEnd)
    {
        var parameters = position.Request.SamplingParams;
        var changes = Changes(position.Request, position.NumOutputTokens);

        // The likeliest of all is the likeliest of those allowed, where it is one of them.
        changes |= !allowed.IsEmpty && (!parameters.IsGreedy || !TokenMask.Allows(allowed, greedyToken));
        var token = greedyToken;
        if (changes || !parameters.IsGreedy)
        {
            token = aheadNext < ahead.Count && ReferenceEquals(ahead[aheadNext].Request, position.Request) && position.Tokens.Length == position.Request.NumTokens
                ? aheadTokens[aheadNext++]
                : threads[0].Choose(logits, position, changes, allowed, mustEnd);
            if (token < 0)
            {
                return token == RowSampler.Nothing ? SampledToken.Failed(NothingMayFollow) : SampledToken.Corrupted("logits");
            }
        }

        if (!position.Request.Sampling.WantsLogprobs)
        {
            return new SampledToken(token, null);
        }

        var logprobs = Logprobs(logits, position.Request, token);
        return float.IsNaN(logprobs.Logprob) ? SampledToken.Corrupted("logits") : new SampledToken(token, logprobs);
    }

    private static bool Changes(Request request, int numOutputTokens) => request.Sampling.Changes(numOutputTokens);

    private TokenLogprobs Logprobs(in Tensor logits, Request request, int token)
    {
        backend.LogSoftmax(logits, logSoftmax);
        backend.CopyToHost(logSoftmax, row.AsSpan());
        return gatherer.Gather(row, token, request.SamplingParams.Logprobs ?? 0, request.Sampling.LogprobTokens);
    }
}
