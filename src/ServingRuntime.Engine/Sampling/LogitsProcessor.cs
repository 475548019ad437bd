namespace Octavo.ServingRuntime.Engine.Sampling;

/// <summary>
/// Changes a request's logits before its token is chosen. vLLM's order (<c>vllm/v1/sample/sampler.py</c>): the constraint's mask, allowed_token_ids, bad_words,
/// min_tokens, logit_bias, then repetition, frequency and presence penalties. Works on a copy: log-probabilities are of the raw logits.
/// </summary>
internal sealed class LogitsProcessor(int vocabSize)
{
    private readonly int[] outputCounts = new int[vocabSize];
    private readonly int[] visited = new int[vocabSize];
    private readonly float[] kept = new float[vocabSize];
    private int visit;

    /// <param name="position">Where.</param>
    /// <param name="mask">What the request's constraint allows; empty: everything.</param>
    /// <param name="mustEnd">The constraint leaves nothing but stop tokens, so min_tokens cannot be had.</param>
    /// <param name="logits">[V], changed.</param>
    public void Apply(in SamplingPosition position, ReadOnlySpan<uint> mask, bool mustEnd, Span<float> logits)
    {
        var state = position.Request.Sampling;
        var parameters = position.Request.SamplingParams;
        if (!mask.IsEmpty)
        {
            TokenMask.Apply(mask, logits);
        }

        if (state.Allowed is { } allowed)
        {
            KeepOnly(allowed, logits);
        }

        foreach (var word in state.BadWords)
        {
            // The last token of a word is forbidden where the output ends in those before it.
            if (position.Output.EndsWith(word.AsSpan(..^1)))
            {
                Forbid(word[^1], logits);
            }
        }

        if (position.NumOutputTokens < parameters.MinTokens && !mustEnd)
        {
            foreach (var token in state.StopTokens)
            {
                Forbid(token, logits);
            }
        }

        foreach (var (token, bias) in state.Bias)
        {
            if ((uint)token < (uint)logits.Length)
            {
                logits[token] += bias;
            }
        }

        if (state.Penalises)
        {
            Penalise(position, logits);
        }
    }

    private static void Forbid(int token, Span<float> logits)
    {
        if ((uint)token < (uint)logits.Length)
        {
            logits[token] = float.NegativeInfinity;
        }
    }

    /// <param name="allowed">Distinct tokens of the vocabulary.</param>
    /// <param name="logits">The others become negative infinity.</param>
    private void KeepOnly(int[] allowed, Span<float> logits)
    {
        for (var i = 0; i < allowed.Length; i++)
        {
            kept[i] = logits[allowed[i]];
        }

        logits.Fill(float.NegativeInfinity);
        for (var i = 0; i < allowed.Length; i++)
        {
            logits[allowed[i]] = kept[i];
        }
    }

    /// <summary>Repetition counts prompt and output, the other two the output alone.</summary>
    private void Penalise(in SamplingPosition position, Span<float> logits)
    {
        var parameters = position.Request.SamplingParams;
        var output = position.Output;
        foreach (var token in output)
        {
            outputCounts[token]++;
        }

        visit++;
        foreach (var token in parameters.RepetitionPenalty == 1f ? output : position.Tokens)
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

        foreach (var token in output)
        {
            outputCounts[token] = 0;
        }
    }
}
