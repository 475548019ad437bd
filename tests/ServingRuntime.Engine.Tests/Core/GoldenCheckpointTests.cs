using System.Text.Json;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

/// <summary>Small random Llama checkpoints of other shapes than the model that ships, in both spellings of config.json, against transformers.</summary>
public sealed class GoldenCheckpointTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("octavo-golden").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("llama_gqa_f32", "config.json")]
    [InlineData("llama_gqa_f32", "config.alt.json")]
    [InlineData("llama_gqa_bf16", "config.json")]
    [InlineData("llama_mha_f32", "config.json")]
    [InlineData("llama_mha_f32", "config.alt.json")]
    public void Greedy_AllPromptsTogether_EqualsTransformers(string checkpoint, string config)
    {
        var source = Source(checkpoint);
        foreach (var file in Directory.EnumerateFiles(source, "*.safetensors"))
        {
            File.CreateSymbolicLink(Path.Combine(folder, Path.GetFileName(file)), file);
        }

        File.Copy(Path.Combine(source, config), Path.Combine(folder, "config.json"));
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(source, "golden.json")));
        var prompts = golden.RootElement.GetProperty("prompts").EnumerateArray().ToList();
        using var engine = new EngineHarness(EngineHarness.Defaults with { ModelPath = folder, MaxNumBatchedTokens = 64 });

        foreach (var prompt in prompts)
        {
            engine.Add(Id(prompt), Ints(prompt.GetProperty("input_ids")), EngineHarness.Greedy(prompt.GetProperty("greedy_ids").GetArrayLength(), logprobs: 5));
        }

        engine.RunToEnd();

        foreach (var prompt in prompts)
        {
            var result = engine.Results[Id(prompt)];
            result.Tokens.Should().Equal(Ints(prompt.GetProperty("greedy_ids")), Id(prompt));
            result.Logprobs[0].Top.Select(t => t.TokenId).Should().Equal(Ints(Last(prompt.GetProperty("top5_ids"))), Id(prompt));
            var expected = Last(prompt.GetProperty("top5_logprobs")).EnumerateArray().Select(v => v.GetSingle()).ToList();
            for (var i = 0; i < expected.Count; i++)
            {
                result.Logprobs[0].Top[i].Logprob.Should().BeApproximately(expected[i], 1e-3f, Id(prompt));
            }
        }
    }

    [Fact]
    public void Start_RopeScalingThatIsNotBuilt_IsRefusedByName()
    {
        File.Copy(Path.Combine(Source("llama_rope_llama3_f32"), "config.json"), Path.Combine(folder, "config.json"));

        var start = () => new EngineHarness(EngineHarness.Defaults with { ModelPath = folder });

        start.Should().Throw<Exception>().WithMessage("*llama3*");
    }

    private static string Source(string checkpoint) => Path.Combine(Repository.Root, "tests", "ServingRuntime.Engine.Tests", "Fixtures", "golden", checkpoint);

    private static JsonElement Last(JsonElement list) => list[list.GetArrayLength() - 1];

    private static string Id(JsonElement prompt) => prompt.GetProperty("id").GetString()!;

    private static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(v => v.GetInt32())];
}
