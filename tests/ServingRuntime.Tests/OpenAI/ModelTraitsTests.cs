using System.Text.Json;
using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.ServingRuntime.Engine.Tokenization.Jinja;
using Octavo.ServingRuntime.OpenAI;
using Octavo.ServingRuntime.Tests.Hosting;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.OpenAI;

public sealed class ModelTraitsTests
{
    /// <summary>Templates of published models, where the reference data is at hand.</summary>
    [SkippableTheory]
    [InlineData("qwen2.5", "hermes", true, false)]
    [InlineData("llama-3.1-json-tools", "llama3_json", true, false)]
    [InlineData("mistral-v3", "mistral", true, false)]
    [InlineData("deepseek-r1-distill-early", null, false, true)]
    [InlineData("chatglm3", null, false, false)]
    [InlineData("chatml", null, false, false)]
    public void Detect_PublishedTemplates_TellTheirWays(string name, string? calls, bool takesTools, bool argumentsAsText)
    {
        var golden = Environment.GetEnvironmentVariable("OCTAVO_GOLDEN");
        Skip.If(string.IsNullOrEmpty(golden), "OCTAVO_GOLDEN names no folder of reference data");
        using var data = JsonDocument.Parse(File.ReadAllText(Path.Combine(golden!, "templates", name + ".json")));
        var special = data.RootElement.GetProperty("special_tokens").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString()!);

        var traits = Detect(data.RootElement.GetProperty("chat_template").GetString()!, special);

        traits.ToolCalls?.Name.Should().Be(calls);
        (traits.ToolCalls is null).Should().Be(calls is null);
        traits.TakesTools.Should().Be(takesTools);
        traits.TakesArgumentsAsText.Should().Be(argumentsAsText);
    }

    [Theory]
    [InlineData("{{ messages[0].content }}</think>", "auto", "auto", null, true)]
    [InlineData("{{ messages[0].content }}</think>", "none", "none", null, false)]
    [InlineData("{{ tools }}<tool_call>", "mistral", "deepseek_r1", "mistral", true)]
    public void Detect_Flags_SayItOtherwise(string template, string calls, string reasoning, string? expected, bool reasons)
    {
        var traits = Detect(template, new Dictionary<string, string>(StringComparer.Ordinal), new ServingOptions { Model = "m", ToolCallParser = calls, ReasoningParser = reasoning });

        traits.ToolCalls?.Name.Should().Be(expected);
        (traits.ToolCalls is null).Should().Be(expected is null);
        (traits.Reasoning is not null).Should().Be(reasons);
    }

    private static ModelTraits Detect(string template, IReadOnlyDictionary<string, string> special, ServingOptions? options = null) => ModelTraits.Detect(
        new ModelTokenizer { Tokenizer = TestApplication.Tokenizer, ChatTemplate = new ChatTemplate(template, special, new TemplateLimits(), new FakeTimeProvider()) },
        options ?? new ServingOptions { Model = "m" });
}
