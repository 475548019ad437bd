using System.Text.Json;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

/// <summary>
/// Small random checkpoints of every architecture, in both spellings of config.json, against transformers: all prompts in one batch, in chunks, and greedy as far as
/// the golden file goes. Checkpoints of the folder that OCTAVO_GOLDEN names are tested as well.
/// </summary>
public sealed class GoldenCheckpointTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("octavo-golden").FullName;

    public static TheoryData<string, string> Checkpoints
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var source in Sources.Values.OrderBy(source => source, StringComparer.Ordinal))
            {
                foreach (var config in new[] { "config.json", "config.alt.json" }.Where(config => File.Exists(Path.Combine(source, config))))
                {
                    data.Add(Path.GetFileName(source), config);
                }
            }

            return data;
        }
    }

    private static Dictionary<string, string> Sources
    {
        get
        {
            var roots = new List<string> { Path.Combine(Repository.Root, "tests", "ServingRuntime.Engine.Tests", "Fixtures", "golden") };
            if (Environment.GetEnvironmentVariable("OCTAVO_GOLDEN") is { Length: > 0 } more)
            {
                roots.InsertRange(0, [Path.Combine(more, "models"), Path.Combine(more, "quant")]);
            }

            var sources = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var source in roots.Where(Directory.Exists).SelectMany(Directory.EnumerateDirectories).Where(source => File.Exists(Path.Combine(source, "golden.json")) && !Path.GetFileName(source).StartsWith("e2e", StringComparison.Ordinal)))
            {
                sources[Path.GetFileName(source)] = source;
            }

            return sources;
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Greedy_AllPromptsTogether_EqualsTransformers(string checkpoint, string config)
    {
        var source = Sources[checkpoint];
        foreach (var file in Directory.EnumerateFiles(source).Where(file => Path.GetFileName(file).StartsWith("model", StringComparison.Ordinal)))
        {
            File.CreateSymbolicLink(Path.Combine(folder, Path.GetFileName(file)), file);
        }

        File.Copy(Path.Combine(source, config), Path.Combine(folder, "config.json"));
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(source, "golden.json")));
        var prompts = golden.RootElement.GetProperty("prompts").EnumerateArray().ToList();

        // Longrope models are served with the long factors at every length.
        var greedy = golden.RootElement.TryGetProperty("longrope_threshold", out _) ? "long_always_greedy_ids" : "greedy_ids";
        using var engine = new EngineHarness(EngineHarness.Defaults with { ModelPath = folder, DType = "float32", MaxNumBatchedTokens = 64 });

        foreach (var prompt in prompts)
        {
            engine.Add(Id(prompt), Ints(prompt.GetProperty("input_ids")), EngineHarness.Greedy(prompt.GetProperty(greedy).GetArrayLength(), logprobs: 5));
        }

        engine.RunToEnd();

        foreach (var prompt in prompts)
        {
            var result = engine.Results[Id(prompt)];
            result.Tokens.Should().Equal(Ints(prompt.GetProperty(greedy)), Id(prompt));
            if (greedy != "greedy_ids")
            {
                continue;
            }

            result.Logprobs[0].Top.Select(t => t.TokenId).Should().Equal(Ints(Last(prompt.GetProperty("top5_ids"))), Id(prompt));
            var expected = Last(prompt.GetProperty("top5_logprobs")).EnumerateArray().Select(v => v.GetSingle()).ToList();
            for (var i = 0; i < expected.Count; i++)
            {
                result.Logprobs[0].Top[i].Logprob.Should().BeApproximately(expected[i], 2e-4f, Id(prompt));
            }
        }
    }

    private static JsonElement Last(JsonElement list) => list[list.GetArrayLength() - 1];

    private static string Id(JsonElement prompt) => prompt.GetProperty("id").GetString()!;

    private static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(v => v.GetInt32())];
}
