using Octavo.ServingRuntime.Engine.Scheduling;

namespace Octavo.ServingRuntime.Engine.Sampling;

/// <summary>Changes a request's logits before its token is chosen: min_tokens, logit_bias, then repetition, frequency and presence penalties (vLLM's order).</summary>
internal sealed class LogitsProcessor(int vocabSize)
{
    private readonly int[] outputCounts = new int[vocabSize];
    private readonly int[] visited = new int[vocabSize];
    private int visit;

    public static bool Changes(Request request)
    {
        var parameters = request.SamplingParams;
        return parameters.LogitBias.Count > 0 || request.NumOutputTokens < parameters.MinTokens || Penalises(parameters);
    }

    public void Apply(Request request, Span<float> logits)
    {
        var parameters = request.SamplingParams;
        if (request.NumOutputTokens < parameters.MinTokens)
        {
            Forbid(parameters.IgnoreEos ? [] : request.Source.EosTokenIds, logits);
            Forbid(parameters.StopTokenIds, logits);
        }

        foreach (var (token, bias) in parameters.LogitBias)
        {
            if ((uint)token < (uint)logits.Length)
            {
                logits[token] += bias;
            }
        }

        if (Penalises(parameters))
        {
            Penalise(request, logits);
        }
    }

    private static bool Penalises(SamplingParams parameters) =>
        parameters.RepetitionPenalty != 1f || parameters.FrequencyPenalty != 0f || parameters.PresencePenalty != 0f;

    private static void Forbid(IReadOnlyList<int> tokens, Span<float> logits)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            if ((uint)tokens[i] < (uint)logits.Length)
            {
                logits[tokens[i]] = float.NegativeInfinity;
            }
        }
    }

    /// <summary>Repetition counts prompt and output, the other two the output alone.</summary>
    private void Penalise(Request request, Span<float> logits)
    {
        var parameters = request.SamplingParams;
        foreach (var token in request.OutputTokens)
        {
            outputCounts[token]++;
        }

        visit++;
        foreach (var token in request.Tokens)
        {
            if (visited[token] == visit)
            {
                continue;
            }

            visited[token] = visit;
            var logit = logits[token];
            logit = logit > 0 ? logit / parameters.RepetitionPenalty : logit * parameters.RepetitionPenalty;
            logit -= parameters.FrequencyPenalty * outputCounts[token];
            logits[token] = logit - (outputCounts[token] > 0 ? parameters.PresencePenalty : 0f);
        }

        foreach (var token in request.OutputTokens)
        {
            outputCounts[token] = 0;
        }
    }
}
