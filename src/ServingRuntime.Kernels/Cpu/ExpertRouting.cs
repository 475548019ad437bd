namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>Routing of one token to its experts.</summary>
internal static class ExpertRouting
{
    /// <summary>Softmax over all logits, then the k largest, best first, the lower expert among equals.</summary>
    /// <param name="experts">[k].</param>
    /// <param name="weights">[k].</param>
    public static void Run(ReadOnlySpan<float> logits, bool renormalize, Span<int> experts, Span<float> weights)
    {
        var count = 0;
        for (var expert = 0; expert < logits.Length; expert++)
        {
            var place = count;
            while (place > 0 && logits[expert] > logits[experts[place - 1]])
            {
                place--;
            }

            if (place == experts.Length)
            {
                continue;
            }

            count = Math.Min(count + 1, experts.Length);
            experts[place..(count - 1)].CopyTo(experts[(place + 1)..]);
            experts[place] = expert;
        }

        var max = logits[experts[0]];
        var sum = 0f;
        foreach (var logit in logits)
        {
            sum += MathF.Exp(logit - max);
        }

        var kept = 0f;
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] = MathF.Exp(logits[experts[i]] - max) / sum;
            kept += weights[i];
        }

        for (var i = 0; renormalize && i < weights.Length; i++)
        {
            weights[i] /= kept;
        }
    }
}
