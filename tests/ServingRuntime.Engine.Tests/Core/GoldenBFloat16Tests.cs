using System.Text.Json;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

/// <summary>
/// Dense checkpoints computed in bfloat16 against transformers' float32, teacher-forced: no further off than twice what transformers in bfloat16 is itself, and the same best token
/// wherever it leads by more than one.
/// </summary>
public sealed class GoldenBFloat16Tests
{
    private const int Top = 40;
    private const float ClearMargin = 1f;

    public static TheoryData<string> Checkpoints => [.. Sources.Keys.Order(StringComparer.Ordinal)];

    private static Dictionary<string, string> Sources
    {
        get
        {
            var roots = new List<string> { Path.Combine(Repository.Root, "tests", "ServingRuntime.Engine.Tests", "Fixtures", "golden") };
            if (Environment.GetEnvironmentVariable("OCTAVO_GOLDEN") is { Length: > 0 } more)
            {
                roots.InsertRange(0, [Path.Combine(more, "models")]);
            }

            return roots.Where(Directory.Exists).SelectMany(Directory.EnumerateDirectories).Where(IsMeasuredAndDense)
                .GroupBy(source => Path.GetFileName(source)!, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Last(), StringComparer.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void PromptLogprobs_BFloat16_AsCloseAsTransformersInBFloat16(string checkpoint)
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Sources[checkpoint], "golden.json")));
        var known = golden.RootElement.GetProperty("lowprec_vs_f32").GetProperty("bfloat16");
        using var engine = new EngineHarness(EngineHarness.Defaults with { ModelPath = Sources[checkpoint], DType = "bfloat16", MaxNumBatchedTokens = 64, CpuThreads = 2 });
        var prompts = golden.RootElement.GetProperty("prompts").EnumerateArray().ToList();
        foreach (var prompt in prompts)
        {
            engine.Add(Id(prompt), [.. prompt.GetProperty("input_ids").EnumerateArray().Select(id => id.GetInt32())], EngineHarness.Greedy(1, logprobs: Top) with { PromptLogprobs = Top });
        }

        engine.RunToEnd();
        var differences = new List<float>();
        foreach (var prompt in prompts)
        {
            var result = engine.Results[Id(prompt)];
            var positions = (result.PromptLogprobs ?? []).Skip(1).Append(result.Logprobs[0]).ToList();
            for (var i = 0; i < positions.Count; i++)
            {
                Compare(prompt.GetProperty("top5_ids")[i], prompt.GetProperty("top5_logprobs")[i], positions[i]!.Top.ToDictionary(top => top.TokenId, top => top.Logprob), $"{Id(prompt)}, position {i}", differences);
            }
        }

        differences.Max().Should().BeLessThan(2 * known.GetProperty("max_abs_logit_diff").GetSingle());
        differences.Average().Should().BeLessThan(2 * known.GetProperty("mean_abs_logit_diff").GetSingle());
        differences.Max().Should().BePositive("bfloat16 is not float32");
    }

    private static void Compare(JsonElement ids, JsonElement logprobs, Dictionary<int, float> actual, string because, List<float> differences)
    {
        for (var rank = 0; rank < ids.GetArrayLength(); rank++)
        {
            actual.Should().ContainKey(ids[rank].GetInt32(), because);
            differences.Add(Math.Abs(actual[ids[rank].GetInt32()] - logprobs[rank].GetSingle()));
        }

        if (logprobs[0].GetSingle() - logprobs[1].GetSingle() > ClearMargin)
        {
            actual.MaxBy(pair => pair.Value).Key.Should().Be(ids[0].GetInt32(), because);
        }
    }

    private static bool IsMeasuredAndDense(string source)
    {
        var file = Path.Combine(source, "golden.json");
        if (!File.Exists(file) || Path.GetFileName(source).StartsWith("e2e", StringComparison.Ordinal))
        {
            return false;
        }

        using var golden = JsonDocument.Parse(File.ReadAllBytes(file));
        var root = golden.RootElement;
        var stored = root.GetProperty("stored_dtype").GetString()!;
        return root.TryGetProperty("lowprec_vs_f32", out var measured) && measured.TryGetProperty("bfloat16", out _) && !root.TryGetProperty("longrope_threshold", out _)
            && !stored.Contains("int", StringComparison.Ordinal) && !root.GetProperty("model_type").GetString()!.Contains("mo", StringComparison.Ordinal)
            && root.GetProperty("model_type").GetString() is not "mixtral";
    }

    private static string Id(JsonElement prompt) => prompt.GetProperty("id").GetString()!;
}
