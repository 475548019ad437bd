using System.Text.Json;
using System.Text.RegularExpressions;
using Octavo.ServingRuntime.Tests.Hosting;

namespace Octavo.ServingRuntime.Tests.OpenAI;

/// <summary>The real engine on the model that ships, which has never seen JSON: whatever it writes is held to the form that was asked for.</summary>
public sealed class StructuredOutputTests(ToolModelApplication tiny) : IClassFixture<ToolModelApplication>
{
    private const string Chat = "/v1/chat/completions";
    private const string Completions = "/v1/completions";
    private const string Ask = """{"messages": [{"role": "user", "content": "What is the capital of France?"}], "temperature": 1, "seed": 3, "max_tokens": 300""";
    private const string Person = """{"type": "object", "properties": {"name": {"type": "string", "maxLength": 8}, "age": {"type": "integer", "minimum": 0, "maximum": 120}, "tag": {"enum": ["a", "b"]}}, "required": ["name", "age", "tag"], "additionalProperties": false}""";
    private const string Tools = $$$"""[{"type": "function", "function": {"name": "save_person", "parameters": {{{Person}}}}}, {"type": "function", "function": {"name": "ping"}}]""";

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

    [Fact]
    public async Task Chat_JsonSchema_EveryChoiceMatches()
    {
        var body = Ask + $$$""", "n": 3, "response_format": {"type": "json_schema", "json_schema": {"name": "person", "strict": true, "schema": {{{Person}}}}}""";

        var answer = await tiny.Server.PostForJsonAsync(Chat, body + "}");
        var events = await tiny.Server.PostForEventsAsync(Chat, body + """, "stream": true}""");

        var whole = answer.GetProperty("choices").EnumerateArray().Select(Text).ToList();
        whole.Should().HaveCount(3);
        whole.ForEach(CheckPerson);
        var streamed = events.SkipLast(1).Select(e => JsonSerializer.Deserialize<JsonElement>(e).GetProperty("choices")[0]).GroupBy(c => c.GetProperty("index").GetInt32())
            .OrderBy(g => g.Key).Select(g => string.Concat(g.Select(c => c.GetProperty("delta").TryGetProperty("content", out var text) ? text.GetString() : "")));
        streamed.Should().Equal(whole, "the seed is the same");
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
    [InlineData("""
        "structured_outputs": {"grammar": "root ::= \"<\" [ab]+ \">\" | \"none\""}
        """, "^(<[ab]+>?|none)")]
    public async Task Completions_Patterns_AreMatched(string field, string pattern)
    {
        var answer = await tiny.Server.PostForJsonAsync(Completions, $$"""{"prompt": "The answer is", "max_tokens": 40, "temperature": 1, "seed": 1, {{field}}}""");

        answer.GetProperty("choices")[0].GetProperty("text").GetString().Should().MatchRegex(pattern);
    }

    [Theory]
    [InlineData("""
        "required"
        """, "save_person|ping", "tool_calls")]
    [InlineData("""
        {"type": "function", "function": {"name": "save_person"}}
        """, "save_person", "stop")]
    public async Task Chat_ForcedCall_IsValidAndMatchesItsSchema(string choice, string name, string finish)
    {
        var body = Ask + $$""", "tools": {{Tools}}, "parallel_tool_calls": false, "tool_choice": {{choice}}""";

        var answer = (await tiny.Server.PostForJsonAsync(Chat, body + "}")).GetProperty("choices")[0];
        var events = await tiny.Server.PostForEventsAsync(Chat, body + """, "stream": true}""");

        answer.GetProperty("finish_reason").GetString().Should().Be(finish);
        answer.GetProperty("message").GetProperty("content").ValueKind.Should().Be(JsonValueKind.Null);
        var function = answer.GetProperty("message").GetProperty("tool_calls").EnumerateArray().Single().GetProperty("function");
        function.GetProperty("name").GetString().Should().MatchRegex($"^({name})$");
        var arguments = function.GetProperty("arguments").GetString()!;
        if (function.GetProperty("name").GetString() == "ping")
        {
            arguments.Should().MatchRegex(@"^{\s*}$");
        }
        else
        {
            CheckPerson(arguments);
        }

        var deltas = events.SkipLast(1).Select(e => JsonSerializer.Deserialize<JsonElement>(e).GetProperty("choices")[0]).ToList();
        string.Concat(deltas.Select(d => d.GetProperty("delta").TryGetProperty("tool_calls", out var calls) ? calls[0].GetProperty("function").GetProperty("arguments").GetString() : "")).Should().Be(arguments);
        deltas[^1].GetProperty("finish_reason").GetString().Should().Be(finish);
    }

    [Fact]
    public async Task Chat_RequiredWithSeveral_EachCallIsWhole()
    {
        var answer = (await tiny.Server.PostForJsonAsync(Chat, Ask + $$""", "tools": {{Tools}}, "tool_choice": "required"}""")).GetProperty("choices")[0];

        foreach (var call in answer.GetProperty("message").GetProperty("tool_calls").EnumerateArray())
        {
            JsonDocument.Parse(call.GetProperty("function").GetProperty("arguments").GetString()!).Dispose();
        }

        answer.GetProperty("message").GetProperty("tool_calls").GetArrayLength().Should().BePositive();
    }

    [Theory]
    [InlineData("""
        "response_format": {"type": "json_schema", "json_schema": {"name": "x"}}
        """, "response_format.json_schema.schema", "missing")]
    [InlineData("""
        "response_format": {"type": "xml"}
        """, "response_format.type", "xml")]
    [InlineData("""
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "nothing"}}}
        """, "response_format", "#/type")]
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
    [InlineData("""
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "nothing"}}}], "tool_choice": "required"
        """, "tools", "#/type")]
    public async Task Chat_BadConstraint_Is400AndNamesTheField(string field, string param, string reason)
    {
        var error = (await tiny.Server.PostForJsonAsync(Chat, Ask + ", " + field + "}", 400)).GetProperty("error");

        error.GetProperty("param").GetString().Should().Be(param);
        error.GetProperty("message").GetString().Should().Contain(reason);
    }

    private static string Text(JsonElement choice) => choice.GetProperty("message").GetProperty("content").GetString()!;

    private static void CheckPerson(string json)
    {
        using var person = JsonDocument.Parse(json);
        person.RootElement.EnumerateObject().Select(p => p.Name).Should().BeEquivalentTo("name", "age", "tag");
        person.RootElement.GetProperty("name").GetString()!.Length.Should().BeLessThanOrEqualTo(8);
        person.RootElement.GetProperty("age").GetInt32().Should().BeInRange(0, 120);
        Regex.IsMatch(person.RootElement.GetProperty("tag").GetString()!, "^[ab]$", RegexOptions.None, TimeSpan.FromSeconds(1)).Should().BeTrue();
    }
}

/// <summary>The real engine behind a template that takes tools.</summary>
public sealed class ToolModelApplication : IAsyncLifetime
{
    internal TestApplication Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await TinyModelApplication.StartAsync(o => ToolCallTests.WithTools(o) with { ReasoningParser = "none" });

    public async Task DisposeAsync() => await Server.DisposeAsync();
}
