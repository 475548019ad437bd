using System.Text.Json;
using Octavo.ServingRuntime.Engine.Tests.Core;
using Octavo.ServingRuntime.Tests.Hosting;

namespace Octavo.ServingRuntime.Tests.OpenAI;

public sealed class CompletionsEndpointTests
{
    private const string Path = "/v1/completions";

    [Theory]
    [InlineData("\"Hello\"", 1)]
    [InlineData("[\"Hello\", \"The\"]", 2)]
    [InlineData("[4, 5, 6]", 1)]
    [InlineData("[[4, 5], [6]]", 2)]
    public async Task Post_EveryFormOfPrompt_GivesOneChoiceEach(string prompt, int choices)
    {
        await using var server = await TestApplication.StartAsync("ok");

        var answer = await server.PostForJsonAsync(Path, $"{{\"prompt\": {prompt}}}");

        answer.GetProperty("object").GetString().Should().Be("text_completion");
        answer.GetProperty("choices").EnumerateArray().Select(c => c.GetProperty("index").GetInt32()).Should().Equal(Enumerable.Range(0, choices));
        answer.GetProperty("choices").EnumerateArray().Should().OnlyContain(c => c.GetProperty("text").GetString() == "ok");
    }

    [Fact]
    public async Task Post_Echo_RepeatsThePrompt()
    {
        await using var server = await TestApplication.StartAsync(" world");

        var answer = await server.PostForJsonAsync(Path, """{"prompt": ["Hello", "Bye"], "echo": true}""");
        var events = await server.PostForEventsAsync(Path, """{"prompt": "Hello", "echo": true, "stream": true}""");

        answer.GetProperty("choices").EnumerateArray().Select(c => c.GetProperty("text").GetString()).Should().Equal("Hello world", "Bye world");
        string.Concat(events.SkipLast(1).Select(e => JsonSerializer.Deserialize<JsonElement>(e).GetProperty("choices")[0].GetProperty("text").GetString())).Should().Be("Hello world");
    }

    [Fact]
    public async Task Post_StreamOfSeveralPrompts_NumbersChoicesAndCountsUsage()
    {
        await using var server = await TestApplication.StartAsync("a b c");

        var events = await server.PostForEventsAsync(Path, """{"prompt": [[4, 5], [6]], "n": 2, "stream": true, "stream_options": {"include_usage": true}, "return_token_ids": true}""");

        events[^1].Should().Be("[DONE]");
        var chunks = events.SkipLast(1).Select(e => JsonSerializer.Deserialize<JsonElement>(e)).ToList();
        chunks[^1].GetProperty("usage").GetProperty("prompt_tokens").GetInt32().Should().Be(3);
        var texts = chunks.SkipLast(1).GroupBy(c => c.GetProperty("choices")[0].GetProperty("index").GetInt32())
            .ToDictionary(g => g.Key, g => string.Concat(g.Select(c => c.GetProperty("choices")[0].GetProperty("text").GetString())));
        texts.Keys.Should().BeEquivalentTo([0, 1, 2, 3]);
        texts.Values.Should().OnlyContain(t => t == "a b c");
        chunks.Count(c => c.GetProperty("choices") is var choices && choices.GetArrayLength() > 0 && choices[0].TryGetProperty("prompt_token_ids", out _)).Should().Be(4);
    }

    [Fact]
    public async Task Post_NoMaxTokens_IsSixteen()
    {
        var limit = 0;
        await using var server = await TestApplication.StartAsync(new ScriptedEngineCore(r =>
        {
            limit = r.SamplingParams.MaxTokens;
            return [2];
        }));

        await server.PostForJsonAsync(Path, """{"prompt": "Hello"}""");

        limit.Should().Be(16);
    }
}
