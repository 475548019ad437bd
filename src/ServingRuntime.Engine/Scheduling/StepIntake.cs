using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.ModelRunner;
using Octavo.ServingRuntime.Engine.Speculation;

namespace Octavo.ServingRuntime.Engine.Scheduling;

/// <summary>The second half of a step: what was computed and sampled becomes the requests' state and the step's outputs.</summary>
/// <param name="finish">Ends a request and frees its blocks.</param>
internal sealed class StepIntake(RequestQueue waiting, Action<Request> finish, int maxModelLen, int numSpeculativeTokens)
{
    /// <summary>Tokens computed that had been computed before, and were lost to a preemption.</summary>
    public long RecomputedTokens { get; private set; }

    public SpeculationStats Speculation { get; } = new(numSpeculativeTokens);

    /// <summary>Takes in what the step computed and sampled; requests that end free their blocks at once.</summary>
    public void Take(SchedulerOutput output, ModelRunnerOutput result, List<EngineCoreOutput> outputs)
    {
        int sample = 0, fork = 0;
        for (var i = 0; i < output.Requests.Count; i++)
        {
            var scheduled = output.Requests[i];
            var samples = scheduled.Samples;
            Advance(scheduled.Request, scheduled.NumTokens - scheduled.NumDraftTokens);
            if (samples)
            {
                Speculation.Record(scheduled, result[sample].Length);
                TakeTokens(scheduled.Request, result[sample++], outputs);
            }

            for (; fork < output.Forks.Count && output.Forks[fork].Parent == i; fork++)
            {
                TakeTokens(output.Forks[fork].Request, result[sample++], outputs);
            }
        }
    }

    /// <summary>What every output of a request says.</summary>
    public static EngineCoreOutput NewOutput(Request request) => new()
    {
        RequestId = request.Id, NumCachedTokens = request.NumCachedTokens, NumTierTokens = request.NumTierTokens, FirstScheduledTimestamp = request.FirstScheduledTimestamp ?? 0,
    };

    private void Advance(Request request, int tokens)
    {
        RecomputedTokens += Math.Clamp(request.MostComputedTokens - request.NumComputedTokens, 0, tokens);
        request.NumComputedTokens += tokens;
        request.MostComputedTokens = Math.Max(request.MostComputedTokens, request.NumComputedTokens);
    }

    private void TakeTokens(Request request, ReadOnlySpan<SampledToken> sampled, List<EngineCoreOutput> outputs)
    {
        if (request.Pooling is { Embedding: { } embedding })
        {
            finish(request);
            outputs.Add(NewOutput(request) with { Embedding = embedding, FinishReason = FinishReason.Stop });
            return;
        }

        for (var i = 0; i < sampled.Length; i++)
        {
            outputs.Add(TakeToken(request, sampled[i]));
            if (request.Status == RequestStatus.Finished)
            {
                return;
            }

            if (i + 1 < sampled.Length)
            {
                // All but the last were drafts, whose keys and values are stored.
                Advance(request, 1);
            }
        }
    }

    private EngineCoreOutput TakeToken(Request request, in SampledToken sampled)
    {
        var result = NewOutput(request);
        if (sampled.Fault is { } fault)
        {
            finish(request);
            return result with { FinishReason = FinishReason.Error, ErrorMessage = fault, IsCorrupted = sampled.IsCorrupted };
        }

        request.AppendToken(sampled.TokenId);
        waiting.ChargeGenerated(request);
        var stop = StopChecker.Check(request, maxModelLen);
        var isStopToken = stop?.Reason == FinishReason.Stop;
        var reason = sampled.Completes ? FinishReason.Stop : stop?.Reason;
        if (reason is not null)
        {
            finish(request);
        }

        return result with
        {
            NewTokenId = sampled.TokenId,
            NewLogprobs = sampled.Logprobs,
            PromptLogprobs = request.PromptLogprobs?.Take(),
            FinishReason = reason,
            IsStopToken = isStopToken,
            StopTokenId = stop?.StopTokenId,
        };
    }
}
