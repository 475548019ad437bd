using System.Text.Json;
using Octavo.ServingRuntime.Engine.Tests.ModelLoader.Gguf;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

/// <summary>Every architecture from a GGUF file that llama.cpp's converter wrote, plain and quantised, against transformers on the same weights: all prompts together, in chunks, greedy.</summary>
public sealed class GgufGoldenTests
{
    public static TheoryData<string> Models
    {
        get
        {
            using var golden = GgufFixtures.Golden();
            return [.. golden.RootElement.GetProperty("models").EnumerateObject().Select(model => model.Name)];
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Greedy_AllPromptsTogether_EqualsTransformers(string model)
    {
        using var golden = GgufFixtures.Golden();
        var prompts = golden.RootElement.GetProperty("models").GetProperty(model).EnumerateArray().ToList();
        using var engine = new EngineHarness(EngineHarness.Defaults with { ModelPath = GgufFixtures.Path($"{model}.gguf"), DType = "float32", MaxNumBatchedTokens = 64 });
        foreach (var prompt in prompts)
        {
            engine.Add(Id(prompt), Ints(prompt, "input_ids"), EngineHarness.Greedy(prompt.GetProperty("greedy_ids").GetArrayLength(), logprobs: 5));
        }

        engine.RunToEnd();

        foreach (var prompt in prompts)
        {
            var result = engine.Results[Id(prompt)];
            var expected = prompt.GetProperty("top5_logprobs").EnumerateArray().Select(value => value.GetSingle()).ToList();
            result.Logprobs[0].Top.Select(top => top.TokenId).Should().Equal(Ints(prompt, "top5_ids"), Id(prompt));
            for (var i = 0; i < expected.Count; i++)
            {
                result.Logprobs[0].Top[i].Logprob.Should().BeApproximately(expected[i], 2e-4f, Id(prompt));
            }

            result.Tokens.Should().Equal(Ints(prompt, "greedy_ids"), Id(prompt));
        }
    }

    private static string Id(JsonElement prompt) => prompt.GetProperty("id").GetString()!;

    private static int[] Ints(JsonElement prompt, string name) => [.. prompt.GetProperty(name).EnumerateArray().Select(value => value.GetInt32())];
}
