using System.Text.Json;
using Octavo.ServingRuntime.Configuration;
using Octavo.ServingRuntime.Engine;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Tests.Core;
using Octavo.ServingRuntime.Tests.Hosting;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.OpenAI;

/// <summary>Log-probabilities in all their forms, from the real engine on the model that ships.</summary>
public sealed class LogprobsTests(TinyModelApplication tiny) : IClassFixture<TinyModelApplication>
{
    private const string Chat = "/v1/chat/completions";
    private const string Completions = "/v1/completions";
    private const string Hello = """{"messages": [{"role": "user", "content": "What is the capital of France?"}], "max_tokens": 3""";

    [Fact]
    public async Task Chat_PromptLogprobs_HaveAnEntryAToken()
    {
        var answer = await tiny.Server.PostForJsonAsync(Chat, Hello + """, "prompt_logprobs": 2, "return_token_ids": true}""");

        var ids = answer.GetProperty("prompt_token_ids").EnumerateArray().Select(t => t.GetInt32()).ToList();
        var entries = answer.GetProperty("prompt_logprobs").EnumerateArray().ToList();
        entries.Should().HaveCount(ids.Count);
        entries[0].ValueKind.Should().Be(JsonValueKind.Null);
        foreach (var (entry, id) in entries.Skip(1).Zip(ids.Skip(1)))
        {
            entry.EnumerateObject().Count().Should().BeInRange(2, 3);
            var own = entry.GetProperty(id.ToString(System.Globalization.CultureInfo.InvariantCulture));
            own.GetProperty("rank").GetInt32().Should().BePositive();
            own.GetProperty("logprob").GetSingle().Should().BeLessThanOrEqualTo(0);
            own.GetProperty("decoded_token").GetString().Should().NotBeNull();
        }
    }

    [Fact]
    public async Task Completions_EchoWithLogprobs_BeginsWithThePromptsAndANull()
    {
        var answer = await tiny.Server.PostForJsonAsync(Completions, """{"prompt": "The capital of France", "echo": true, "logprobs": 1, "max_tokens": 2, "return_token_ids": true}""");

        var choice = answer.GetProperty("choices")[0];
        choice.GetProperty("text").GetString().Should().StartWith("The capital of France");
        var count = choice.GetProperty("prompt_token_ids").GetArrayLength() + choice.GetProperty("token_ids").GetArrayLength();
        var logprobs = choice.GetProperty("logprobs");
        foreach (var name in new[] { "tokens", "token_logprobs", "top_logprobs", "text_offset" })
        {
            logprobs.GetProperty(name).GetArrayLength().Should().Be(count);
        }

        logprobs.GetProperty("token_logprobs")[0].ValueKind.Should().Be(JsonValueKind.Null);
        logprobs.GetProperty("token_logprobs").EnumerateArray().Skip(1).Should().OnlyContain(l => l.ValueKind == JsonValueKind.Number);
        logprobs.GetProperty("text_offset")[0].GetInt32().Should().Be(0);
        choice.TryGetProperty("prompt_logprobs", out _).Should().BeFalse();
    }

    [Fact]
    public async Task Completions_EchoWithoutTokens_ScoresThePromptAlone()
    {
        var body = """{"prompt": "The capital of France", "echo": true, "logprobs": 1, "max_tokens": 0""";

        var answer = await tiny.Server.PostForJsonAsync(Completions, body + "}");
        var events = await tiny.Server.PostForEventsAsync(Completions, body + """, "stream": true}""");

        var choice = answer.GetProperty("choices")[0];
        choice.GetProperty("text").GetString().Should().Be("The capital of France");
        choice.GetProperty("finish_reason").GetString().Should().Be("length");
        choice.GetProperty("logprobs").GetProperty("tokens").GetArrayLength().Should().Be(answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
        answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32().Should().Be(0);
        string.Concat(events.SkipLast(1).Select(e => JsonSerializer.Deserialize<JsonElement>(e).GetProperty("choices")[0].GetProperty("text").GetString())).Should().Be("The capital of France");
    }

    [Fact]
    public async Task Chat_TokensAsIds_NamesThem()
    {
        var answer = await tiny.Server.PostForJsonAsync(Chat, Hello + """, "logprobs": true, "top_logprobs": 1, "logprob_token_ids": [9], "return_tokens_as_token_ids": true, "return_token_ids": true}""");

        var choice = answer.GetProperty("choices")[0];
        var entry = choice.GetProperty("logprobs").GetProperty("content")[0];
        entry.GetProperty("token").GetString().Should().Be($"token_id:{choice.GetProperty("token_ids")[0].GetInt32()}");
        entry.GetProperty("top_logprobs").EnumerateArray().Select(t => t.GetProperty("token").GetString()).Should().HaveCount(2).And.EndWith("token_id:9");
    }

    [Fact]
    public async Task Chat_WholeVocabulary_OnlyWhereTheServerAllowsIt()
    {
        await using var server = await TinyModelApplication.StartAsync(o => o with { MaxLogprobs = -1 });

        var answer = await server.PostForJsonAsync(Chat, Hello + """, "logprobs": true, "top_logprobs": -1}""");
        var error = await tiny.Server.PostForJsonAsync(Chat, Hello + """, "logprobs": true, "top_logprobs": -1}""", 400);

        answer.GetProperty("choices")[0].GetProperty("logprobs").GetProperty("content")[0].GetProperty("top_logprobs").GetArrayLength().Should().Be(4096);
        error.GetProperty("error").GetProperty("message").GetString().Should().Contain("--max-logprobs");
    }

    [Fact]
    public async Task Completions_ListsOfTokens_ReachTheEngine()
    {
        EngineCoreRequest? seen = null;
        await using var server = await TestApplication.StartAsync(new ScriptedEngineCore(r =>
        {
            seen = r;
            return [2];
        }));

        await server.PostForJsonAsync(Completions, """{"prompt": [4, 5, 6, 7], "truncate_prompt_tokens": 2, "allowed_token_ids": [3, 4], "bad_words": ["the"], "logprob_token_ids": [8]}""");

        seen!.PromptTokenIds.Should().Equal(6, 7);
        seen.SamplingParams.AllowedTokenIds.Should().Equal(3, 4);
        seen.SamplingParams.LogprobTokenIds.Should().Equal(8);
        seen.SamplingParams.Logprobs.Should().Be(0);
        seen.SamplingParams.BadWordsTokenIds.Select(s => TestApplication.Tokenizer.Decode(s, false)).Should().BeEquivalentTo("the", " the");
    }

    [Fact]
    public async Task Chat_BadWord_NeverComes()
    {
        var free = await tiny.Server.PostForJsonAsync(Chat, Hello + "0}");
        var text = free.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
        text.Should().Contain("Paris");

        var bound = await tiny.Server.PostForJsonAsync(Chat, Hello + """0, "bad_words": ["Paris"]}""");

        bound.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString().Should().NotContain("Paris");
    }
}

/// <summary>One server over the real engine for the tests of a class.</summary>
public sealed class TinyModelApplication : IAsyncLifetime
{
    internal TestApplication Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await StartAsync();

    public async Task DisposeAsync() => await Server.DisposeAsync();

    internal static async Task<TestApplication> StartAsync(Func<ServingOptions, ServingOptions>? configure = null)
    {
        var server = await TestApplication.StartLoadingAsync(
            EngineCoreFactory.Create, configure, new EngineOptions { Device = "cpu", ModelPath = Repository.TinyModel, DType = "float32", NumBlocksOverride = 512 });
        await Eventually.HoldsAsync(() => server.Host.Loaded is not null || server.Host.Failure is not null, "the model is loaded");
        server.Host.Failure.Should().BeNull();
        return server;
    }
}
