using System.Text.Json;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Tests.Hosting;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.OpenAI;

/// <summary>The real engine on the model that ships: answers equal those of the reference implementation.</summary>
public sealed class TinyModelTests
{
    [Fact]
    public async Task Chat_GoldenQuestions_GetTheGoldenAnswers()
    {
        await using var server = await TestApplication.StartLoadingAsync(
            EngineCoreFactory.Create, engine: new EngineOptions { Device = "cpu", ModelPath = Repository.TinyModel, DType = "float32", NumBlocksOverride = 512 });
        await Eventually.HoldsAsync(() => server.Host.Loaded is not null || server.Host.Failure is not null, "the model is loaded");

        server.Host.Failure.Should().BeNull();
        using var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.TinyModel, "golden.json")));
        foreach (var item in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            var messages = item.GetProperty("messages").GetRawText();
            var answer = await server.PostForJsonAsync("/v1/chat/completions", $"{{\"messages\": {messages}, \"max_tokens\": 48, \"return_token_ids\": true}}");
            var choice = answer.GetProperty("choices")[0];
            choice.GetProperty("message").GetProperty("content").GetString().Should().Be(item.GetProperty("answer").GetString());
            answer.GetProperty("prompt_token_ids").EnumerateArray().Select(t => t.GetInt32())
                .Should().Equal(item.GetProperty("input_ids").EnumerateArray().Select(t => t.GetInt32()));

            var events = await server.PostForEventsAsync("/v1/chat/completions", $"{{\"messages\": {messages}, \"max_tokens\": 48, \"stream\": true, \"ignore_eos\": true, \"return_token_ids\": true}}");
            var ids = events.SkipLast(1).Select(e => JsonSerializer.Deserialize<JsonElement>(e).GetProperty("choices")[0])
                .SelectMany(c => c.TryGetProperty("token_ids", out var tokens) ? tokens.EnumerateArray().Select(t => t.GetInt32()) : []);
            ids.Should().Equal(item.GetProperty("greedy_ids").EnumerateArray().Select(t => t.GetInt32()));
        }
    }
}
