using System.Text.Json;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.ServingRuntime.Engine.Tokenization.Jinja;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Tokenization;

public sealed class ChatTemplateGoldenTests
{
    /// <summary>The moment at which the reference data was rendered.</summary>
    private static readonly DateTimeOffset RenderedAt = new(2025, 1, 15, 10, 30, 0, TimeSpan.Zero);

    [SkippableTheory]
    [InlineData("chatglm3")]
    [InlineData("chatml")]
    [InlineData("deepseek-r1-distill-early")]
    [InlineData("gemma-1")]
    [InlineData("llama-3-instruct")]
    [InlineData("llama-3.1-json-tools")]
    [InlineData("mistral-instruct-simple")]
    [InlineData("mistral-v3")]
    [InlineData("phi-3-mini")]
    [InlineData("qwen2.5")]
    public void Render_GoldenConversations_EqualJinja(string name)
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(GoldenData.Folder("templates", name + ".json")));
        var root = golden.RootElement;
        var special = root.GetProperty("special_tokens").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString()!);
        var template = new ChatTemplate(root.GetProperty("chat_template").GetString()!, special, new TemplateLimits(), new FakeTimeProvider(RenderedAt));
        var wrong = new List<string>();
        foreach (var (index, item) in root.GetProperty("cases").EnumerateArray().Index())
        {
            var expected = item.TryGetProperty("expected", out var text) ? text.GetString() : null;
            string? actual;
            TemplateException? fault = null;
            try
            {
                actual = template.Render(item.GetProperty("messages"), item.GetProperty("tools"), item.GetProperty("add_generation_prompt").GetBoolean(), item.GetProperty("kwargs"));
            }
            catch (TemplateException e)
            {
                (actual, fault) = (null, e);
            }

            if (actual != expected)
            {
                wrong.Add($"case {index}: {fault?.Message ?? actual} instead of {expected}");
            }
            else if (expected is null && item.GetProperty("error").GetString() == "TemplateError")
            {
                fault!.Fault.Should().Be(TemplateFault.Raised);
                fault.Message.Should().Be(item.GetProperty("error_message").GetString());
            }
        }

        wrong.Should().BeEmpty();
    }

    [Fact]
    public void Render_TinyModel_EqualsGoldenPrompts()
    {
        using var config = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.TinyModel, "tokenizer_config.json")));
        using var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.TinyModel, "golden.json")));
        var template = new ChatTemplate(
            config.RootElement.GetProperty("chat_template").GetString()!,
            new Dictionary<string, string> { ["bos_token"] = config.RootElement.GetProperty("bos_token").GetString()! },
            new TemplateLimits(),
            TimeProvider.System);

        foreach (var item in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            template.Render(item.GetProperty("messages"), null, addGenerationPrompt: true, null).Should().Be(item.GetProperty("rendered").GetString());
        }
    }
}
