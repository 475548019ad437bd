using System.Text.Json;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

/// <summary>
/// Quantised checkpoints with the default dtype, which rounds activations, against transformers' float32. The measure is what transformers' own bfloat16 run differs by
/// (where the golden file records it): twice that is allowed, and no token may change where the best leads by a margin of 1.
/// </summary>
public sealed class QuantizedGoldenTests
{
    public static TheoryData<string> Checkpoints
    {
        get
        {
            var data = new TheoryData<string>();
            foreach (var folder in Directory.EnumerateDirectories(Golden).Order(StringComparer.Ordinal))
            {
                if (Path.GetFileName(folder) is var name && (name.StartsWith("awq", StringComparison.Ordinal) || name.StartsWith("gptq", StringComparison.Ordinal)))
                {
                    data.Add(name);
                }
            }

            return data;
        }
    }

    private static string Golden => Path.Combine(Repository.Root, "tests", "ServingRuntime.Engine.Tests", "Fixtures", "golden");

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Logits_WithRoundedActivations_DifferNoMoreThanTwiceBFloat16(string checkpoint)
    {
        var folder = Path.Combine(Golden, checkpoint);
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "golden.json")));
        var vocabulary = golden.RootElement.GetProperty("vocab_size").GetInt32();
        using var engine = new EngineHarness(EngineHarness.Defaults with { ModelPath = folder });
        var prompts = golden.RootElement.GetProperty("prompts").EnumerateArray().ToList();
        foreach (var prompt in prompts)
        {
            engine.Add(Id(prompt), Ints(prompt.GetProperty("input_ids")), EngineHarness.Greedy(1, logprobs: vocabulary) with { PromptLogprobs = 1 });
        }

        engine.RunToEnd();

        var differences = new List<double>();
        foreach (var prompt in prompts)
        {
            var result = engine.Results[Id(prompt)];
            differences.AddRange(LastDifferences(prompt, result));
            foreach (var (position, best) in ClearlyBest(prompt).Where(place => place.Position + 1 < Ints(prompt.GetProperty("input_ids")).Length))
            {
                result.PromptLogprobs![position + 1]!.Top[0].TokenId.Should().Be(best, $"{Id(prompt)}, position {position}");
            }
        }

        if (golden.RootElement.TryGetProperty("lowprec_vs_f32", out var recorded))
        {
            var allowed = recorded.GetProperty("bfloat16");
            differences.Average().Should().BeInRange(1e-4, 2 * allowed.GetProperty("mean_abs_logit_diff").GetDouble());
            differences.Max().Should().BeLessThan(2 * allowed.GetProperty("max_abs_logit_diff").GetDouble());
        }
    }

    /// <summary>Of the last position's log-probabilities.</summary>
    private static IEnumerable<double> LastDifferences(JsonElement prompt, GeneratedTokens result)
    {
        var logits = prompt.GetProperty("last_logits").EnumerateArray().Select(value => value.GetDouble()).ToArray();
        var total = Math.Log(logits.Sum(Math.Exp));
        return result.Logprobs[0].Top.Select(top => Math.Abs(top.Logprob - (logits[top.TokenId] - total))).ToList();
    }

    private static IEnumerable<(int Position, int Best)> ClearlyBest(JsonElement prompt) =>
        prompt.GetProperty("top5_ids").EnumerateArray().Zip(prompt.GetProperty("top5_logprobs").EnumerateArray()).Index()
            .Where(place => place.Item.Second[0].GetSingle() - place.Item.Second[1].GetSingle() > 1)
            .Select(place => (place.Index, place.Item.First[0].GetInt32()));

    private static string Id(JsonElement prompt) => prompt.GetProperty("id").GetString()!;

    private static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetInt32())];
}
