using System.Text.Json;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests;

/// <summary>What transformers computed for the model that ships; float32, eager, EOS ignored.</summary>
public sealed record GoldenCase(int[] InputIds, int[] TopIds, float[] TopLogprobs, int[] GreedyIds)
{
    public static IReadOnlyList<GoldenCase> All { get; } = Load();

    private static List<GoldenCase> Load()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.TinyModel, "golden.json")));
        int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetInt32())];
        return
        [
            .. document.RootElement.GetProperty("cases").EnumerateArray().Select(value => new GoldenCase(
                Ints(value.GetProperty("input_ids")),
                Ints(value.GetProperty("top5_ids")),
                [.. value.GetProperty("top5_logprobs").EnumerateArray().Select(logprob => logprob.GetSingle())],
                Ints(value.GetProperty("greedy_ids")))),
        ];
    }
}
