using System.Text.Json;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Tests.Core;
using Octavo.ServingRuntime.Tests.Hosting;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.OpenAI;

public sealed class ChatCompletionsEndpointTests
{
    private const string Path = "/v1/chat/completions";
    private const string Hello = """{"messages": [{"role": "user", "content": "Hi"}]""";

    [Fact]
    public async Task Post_NotStreamed_GivesMessageUsageAndReason()
    {
        await using var server = await TestApplication.StartAsync("Good day ☃.");

        var answer = await server.PostForJsonAsync(Path, Hello + """, "model": "octavo-tiny"}""");

        answer.GetProperty("object").GetString().Should().Be("chat.completion");
        answer.GetProperty("id").GetString().Should().StartWith("chatcmpl-");
        answer.GetProperty("model").GetString().Should().Be("octavo-tiny");
        var choice = answer.GetProperty("choices")[0];
        choice.GetProperty("message").GetProperty("role").GetString().Should().Be("assistant");
        choice.GetProperty("message").GetProperty("content").GetString().Should().Be("Good day ☃.");
        choice.GetProperty("finish_reason").GetString().Should().Be("stop");
        choice.GetProperty("logprobs").ValueKind.Should().Be(JsonValueKind.Null);
        var usage = answer.GetProperty("usage");
        usage.GetProperty("total_tokens").GetInt32().Should().Be(usage.GetProperty("prompt_tokens").GetInt32() + usage.GetProperty("completion_tokens").GetInt32());
        usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32().Should().Be(0);
    }

    [Fact]
    public async Task Post_Streamed_SendsRoleDeltasReasonUsageAndDone()
    {
        await using var server = await TestApplication.StartAsync("one two");

        var events = await server.PostForEventsAsync(Path, Hello + """, "stream": true, "stream_options": {"include_usage": true}}""");

        events[^1].Should().Be("[DONE]");
        var chunks = events.SkipLast(1).Select(e => JsonSerializer.Deserialize<JsonElement>(e)).ToList();
        chunks.Should().OnlyContain(c => c.GetProperty("object").GetString() == "chat.completion.chunk");
        chunks.Select(c => c.GetProperty("id").GetString()).Distinct().Should().ContainSingle();
        var first = chunks[0].GetProperty("choices")[0];
        first.GetProperty("delta").GetProperty("role").GetString().Should().Be("assistant");
        first.GetProperty("delta").GetProperty("content").GetString().Should().BeEmpty();
        first.GetProperty("finish_reason").ValueKind.Should().Be(JsonValueKind.Null);
        string.Concat(chunks.Where(c => c.GetProperty("choices").GetArrayLength() > 0).Select(Content)).Should().Be("one two");
        chunks[^2].GetProperty("choices")[0].GetProperty("finish_reason").GetString().Should().Be("stop");
        chunks[^1].GetProperty("choices").GetArrayLength().Should().Be(0);
        chunks[^1].GetProperty("usage").GetProperty("completion_tokens").GetInt32().Should().BeGreaterThan(0);
        chunks.SkipLast(1).Any(c => c.TryGetProperty("usage", out _)).Should().BeFalse();
    }

    [Fact]
    public async Task Post_StopString_ReportsWhichOne()
    {
        await using var server = await TestApplication.StartAsync("one two three");

        var answer = await server.PostForJsonAsync(Path, Hello + """, "stop": ["zzz", "two"]}""");

        var choice = answer.GetProperty("choices")[0];
        choice.GetProperty("message").GetProperty("content").GetString().Should().Be("one ");
        choice.GetProperty("finish_reason").GetString().Should().Be("stop");
        choice.GetProperty("stop_reason").GetString().Should().Be("two");
    }

    [Fact]
    public async Task Post_SeveralChoices_AreNumbered()
    {
        await using var server = await TestApplication.StartAsync("same");

        var answer = await server.PostForJsonAsync(Path, Hello + """, "n": 3, "return_token_ids": true}""");

        answer.GetProperty("choices").EnumerateArray().Select(c => c.GetProperty("index").GetInt32()).Should().Equal(0, 1, 2);
        answer.GetProperty("choices")[2].GetProperty("token_ids").GetArrayLength().Should().BeGreaterThan(0);
        answer.GetProperty("prompt_token_ids")[0].GetInt32().Should().Be(0);
    }

    [Fact]
    public async Task Post_EngineFailsMidStream_SendsAnErrorEventAndDone()
    {
        var core = new ScriptedEngineCore(_ => Enumerable.Repeat(70, 100).ToList()) { Steps = new SemaphoreSlim(1) };
        await using var server = await TestApplication.StartAsync(core);
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new StringContent(Hello + """, "stream": true}""", null, "application/json") };
        using var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

        core.Fault = new InvalidOperationException("secret detail");
        core.Steps.Release(1);
        var text = await response.Content.ReadAsStringAsync();

        var events = text.TrimEnd().Split("\n\n");
        events[^1].Should().Be("data: [DONE]");
        var error = JsonSerializer.Deserialize<JsonElement>(events[^2]["data: ".Length..]).GetProperty("error");
        error.GetProperty("code").GetString().Should().Be("engine_failed");
        text.Should().NotContain("secret detail");
        ((int)(await server.Client.GetAsync("/health")).StatusCode).Should().Be(503);
        await server.PostForJsonAsync(Path, Hello + "}", 500);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Post_ClientLeaves_AbortsInTheEngine(bool stream)
    {
        var core = new ScriptedEngineCore(_ => Enumerable.Repeat(70, 1_000_000).ToList()) { Steps = new SemaphoreSlim(2) };
        await using var server = await TestApplication.StartAsync(core);
        using var leave = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, Path)
        {
            Content = new StringContent(Hello + $", \"stream\": {(stream ? "true" : "false")}}}", null, "application/json"),
        };
        var sending = server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leave.Token);
        if (stream)
        {
            using var response = await sending;
        }
        else
        {
            await Eventually.HoldsAsync(() => server.Host.Loaded!.Llm.InFlight > 0, "the request is in flight");

            await leave.CancelAsync();
            await sending.Invoking(s => s).Should().ThrowAsync<OperationCanceledException>();
        }

        await Eventually.HoldsAsync(
            () =>
            {
                core.Steps.Release();
                return core.Aborted.Count > 0;
            },
            "the engine is told that the client left");

        server.Host.Loaded!.Llm.InFlight.Should().Be(0);
    }

    [Fact]
    public async Task Post_PartsOfText_AreJoined()
    {
        IReadOnlyList<int> prompt = [];
        await using var server = await TestApplication.StartAsync(new ScriptedEngineCore(r =>
        {
            prompt = r.PromptTokenIds;
            return [2];
        }));

        await server.PostForJsonAsync(Path, """
            {"messages": [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]}
            """);

        TestApplication.Tokenizer.Decode(prompt, skipSpecialTokens: false)
            .Should().Be("<|endoftext|><|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\na\nb<|im_end|>\n<|im_start|>assistant\n");
    }

    [Fact]
    public async Task Post_ContinueFinalMessage_LeavesItOpen()
    {
        IReadOnlyList<int> prompt = [];
        await using var server = await TestApplication.StartAsync(new ScriptedEngineCore(r =>
        {
            prompt = r.PromptTokenIds;
            return [2];
        }));

        await server.PostForJsonAsync(Path, """{"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "The capital"}], "continue_final_message": true}""");

        TestApplication.Tokenizer.Decode(prompt, skipSpecialTokens: false).Should().EndWith("<|im_start|>assistant\nThe capital");
    }

    [Fact]
    public async Task Post_SamplingFields_ReachTheEngine()
    {
        EngineCoreRequest? seen = null;
        await using var server = await TestApplication.StartAsync(new ScriptedEngineCore(r =>
        {
            seen = r;
            return [2];
        }));

        await server.PostForJsonAsync(Path, Hello + """
            , "temperature": 0.5, "top_p": 0.9, "top_k": 7, "min_p": 0.1, "presence_penalty": 0.2, "frequency_penalty": 0.3, "repetition_penalty": 1.1, "seed": 42,
              "max_completion_tokens": 9, "max_tokens": 50, "min_tokens": 3, "ignore_eos": true, "stop_token_ids": [5], "logit_bias": {"6": -1.5}, "logprobs": true,
              "top_logprobs": 4, "cache_salt": "s", "priority": 3, "user": "someone"}
            """);

        seen!.Priority.Should().Be(3);
        seen.CacheSalt.Should().Be("s");
        seen.EosTokenIds.Should().Equal(2);
        seen.SamplingParams.Should().BeEquivalentTo(new Engine.SamplingParams
        {
            Temperature = 0.5f, TopP = 0.9f, TopK = 7, MinP = 0.1f, PresencePenalty = 0.2f, FrequencyPenalty = 0.3f, RepetitionPenalty = 1.1f, Seed = 42, MaxTokens = 9,
            MinTokens = 3, IgnoreEos = true, StopTokenIds = [5], LogitBias = new Dictionary<int, float> { [6] = -1.5f }, Logprobs = 4,
        });
    }

    [Fact]
    public async Task Post_NoFields_TakesTheModelsDefaults()
    {
        EngineCoreRequest? seen = null;
        await using var server = await TestApplication.StartAsync(new ScriptedEngineCore(r =>
        {
            seen = r;
            return [2];
        }));

        await server.PostForJsonAsync(Path, Hello + "}");

        seen!.SamplingParams.Temperature.Should().Be(0, "generation_config.json says do_sample false");
        seen.SamplingParams.MaxTokens.Should().Be(128 - seen.PromptTokenIds.Count);
    }

    private static string Content(JsonElement chunk)
        => chunk.GetProperty("choices")[0].GetProperty("delta").TryGetProperty("content", out var content) ? content.GetString()! : "";
}
