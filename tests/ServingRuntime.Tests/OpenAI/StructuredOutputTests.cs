using System.Text.Json;
using Octavo.ServingRuntime.Tests.Hosting;

namespace Octavo.ServingRuntime.Tests.OpenAI;

/// <summary>The real engine on the model that ships, which has never seen JSON: whatever it writes is held to the form that was asked for.</summary>
public sealed class StructuredOutputTests(ToolModelApplication tiny) : IClassFixture<ToolModelApplication>
{
    private const string Chat = "/v1/chat/completions";
    private const string Completions = "/v1/completions";
    private const string Ask = """{"messages": [{"role": "user", "content": "What is the capital of France?"}], "temperature": 1, "seed": 3, "max_tokens": 300""";

    [Fact]
    public async Task Chat_JsonObject_IsOneObject()
    {
        var answer = await tiny.Server.PostForJsonAsync(Chat, """{"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 600, "temperature": 1, "seed": 5, "response_format": {"type": "json_object"}}""");

        var choice = answer.GetProperty("choices")[0];
        if (choice.GetProperty("finish_reason").GetString() == "stop")
        {
            JsonSerializer.Deserialize<JsonElement>(Text(choice)).ValueKind.Should().Be(JsonValueKind.Object);
        }
        else
        {
            Text(choice).TrimStart().Should().StartWith("{");
        }
    }

    [Theory]
    [InlineData("""
        "guided_regex": "[0-9]{3}-[a-f]{2}"
        """, "^[0-9]{3}-[a-f]{2}$")]
    [InlineData("""
        "structured_outputs": {"regex": "(yes|no)!"}
        """, "^(yes|no)!$")]
    [InlineData("""
        "guided_choice": ["Paris", "London"]
        """, "^(Paris|London)$")]
    public async Task Completions_Patterns_AreMatched(string field, string pattern)
    {
        var answer = await tiny.Server.PostForJsonAsync(Completions, $$"""{"prompt": "The answer is", "max_tokens": 40, "temperature": 1, "seed": 1, {{field}}}""");

        answer.GetProperty("choices")[0].GetProperty("text").GetString().Should().MatchRegex(pattern);
    }

    [Theory]
    [InlineData("""
        "response_format": {"type": "json_schema", "json_schema": {"name": "x"}}
        """, "response_format.json_schema.schema", "missing")]
    [InlineData("""
        "response_format": {"type": "xml"}
        """, "response_format.type", "xml")]
    [InlineData("""
        "guided_regex": "("
        """, "guided_regex", "enforced")]
    [InlineData("""
        "guided_choice": []
        """, "guided_choice", "empty")]
    [InlineData("""
        "guided_json": {"type": "object"}, "guided_regex": "a"
        """, "guided_regex", "combined")]
    [InlineData("""
        "structured_outputs": {"json": {}, "regex": "a"}
        """, "structured_outputs", "exactly one")]
    [InlineData("""
        "structured_outputs": {"structural_tag": "x"}
        """, "structured_outputs.structural_tag", "not supported")]
    public async Task Chat_BadConstraint_Is400AndNamesTheField(string field, string param, string reason)
    {
        var error = (await tiny.Server.PostForJsonAsync(Chat, Ask + ", " + field + "}", 400)).GetProperty("error");

        error.GetProperty("param").GetString().Should().Be(param);
        error.GetProperty("message").GetString().Should().Contain(reason);
    }

    private static string Text(JsonElement choice) => choice.GetProperty("message").GetProperty("content").GetString()!;
}

/// <summary>The real engine behind a template that takes tools.</summary>
public sealed class ToolModelApplication : IAsyncLifetime
{
    internal TestApplication Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await TinyModelApplication.StartAsync(o => ToolCallTests.WithTools(o) with { ReasoningParser = "none" });

    public async Task DisposeAsync() => await Server.DisposeAsync();
}
