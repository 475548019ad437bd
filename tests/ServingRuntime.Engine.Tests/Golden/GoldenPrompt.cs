namespace Octavo.ServingRuntime.Engine.Tests.Golden;

/// <param name="GreedyIds">What follows greedily, as far as it was computed.</param>
/// <param name="TopIds">For each position of the prompt the best five, best first.</param>
internal sealed record GoldenPrompt(string Id, int[] InputIds, int[] GreedyIds, int[][] TopIds, float[][] TopLogprobs);
