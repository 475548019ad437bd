namespace Octavo.ServingRuntime.Engine.Tests.Golden;

/// <summary>An engine over a golden checkpoint beside transformers.</summary>
internal static class GoldenComparison
{
    private const int Top = 40;
    private const float Tolerance = 2e-4f, ClearMargin = 1f;

    /// <summary>For float32: all prompts in one batch, the same tokens, and the first one's log-probabilities within 2e-4.</summary>
    /// <param name="steps">Tokens of each prompt at most.</param>
    public static void Exact(EngineHarness engine, GoldenModel model, IReadOnlyList<GoldenPrompt> prompts, int steps = int.MaxValue)
    {
        foreach (var prompt in prompts)
        {
            engine.Add(prompt.Id, prompt.InputIds, EngineHarness.Greedy(Math.Min(steps, prompt.GreedyIds.Length), logprobs: 5));
        }

        engine.RunToEnd();
        foreach (var prompt in prompts)
        {
            var result = engine.Results[prompt.Id];
            result.Tokens.Should().Equal(prompt.GreedyIds.Take(steps), prompt.Id);
            if (model.IsLongrope)
            {
                continue;
            }

            result.Logprobs[0].Top.Select(top => top.TokenId).Should().Equal(prompt.TopIds[^1], prompt.Id);
            foreach (var (top, expected) in result.Logprobs[0].Top.Zip(prompt.TopLogprobs[^1]))
            {
                top.Logprob.Should().BeApproximately(expected, Tolerance, prompt.Id);
            }
        }
    }

    /// <summary>
    /// For narrow types, teacher-forced over all positions: no further off than twice what transformers in that type is, on the average too, and the same best token wherever it leads by more than one.
    /// </summary>
    public static void Rounded(EngineHarness engine, IReadOnlyList<GoldenPrompt> prompts, GoldenDifference known)
    {
        foreach (var prompt in prompts)
        {
            engine.Add(prompt.Id, prompt.InputIds, EngineHarness.Greedy(1, logprobs: Top) with { PromptLogprobs = Top });
        }

        engine.RunToEnd();
        var differences = new List<float>();
        foreach (var prompt in prompts)
        {
            var result = engine.Results[prompt.Id];
            var positions = (result.PromptLogprobs ?? []).Skip(1).Append(result.Logprobs[0]).ToList();
            for (var i = 0; i < positions.Count; i++)
            {
                Compare(prompt.TopIds[i], prompt.TopLogprobs[i], positions[i]!.Top.ToDictionary(top => top.TokenId, top => top.Logprob), $"{prompt.Id}, position {i}", differences);
            }
        }

        differences.Max().Should().BeLessThan(2 * known.Max).And.BePositive("a narrow type is not float32");
        differences.Average().Should().BeLessThan(2 * known.Mean);
    }

    private static void Compare(int[] ids, float[] logprobs, Dictionary<int, float> actual, string because, List<float> differences)
    {
        for (var rank = 0; rank < ids.Length; rank++)
        {
            actual.Should().ContainKey(ids[rank], because);
            differences.Add(Math.Abs(actual[ids[rank]] - logprobs[rank]));
        }

        if (logprobs[0] - logprobs[1] > ClearMargin)
        {
            actual.MaxBy(pair => pair.Value).Key.Should().Be(ids[0], because);
        }
    }
}
