using System.Text.Json;
using Octavo.ServingRuntime.Engine.Tests.Core;
using Octavo.ServingRuntime.Tests.Hosting;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.OpenAI;

/// <summary>What OpenAI's own client makes of this server's answers.</summary>
public sealed class OpenAIClientTests(ToolModelApplication tiny) : IClassFixture<ToolModelApplication>
{
    private const string Answer = "The capital of France is Paris.";
    private const string Call = "I look.\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\"}}\n</tool_call>";

    [SkippableFact]
    public async Task Models_ListAndRetrieve_GiveTheModel()
        => Json(await OpenAIClient.RunAsync(tiny.Server, "models")).Should().Be("""{"ids":["octavo-tiny"],"one":"octavo-tiny"}""");

    [SkippableTheory]
    [InlineData("chat")]
    [InlineData("stream")]
    public async Task Chat_WholeAndStreamed_GiveTheAnswerAndItsUsage(string name)
    {
        var seen = await OpenAIClient.RunAsync(tiny.Server, name);

        seen.GetProperty("content").GetString().Should().Be(Answer);
        seen.GetProperty("finish").GetString().Should().Be("stop");
        var usage = seen.GetProperty("usage");
        usage.GetProperty("total_tokens").GetInt32().Should().Be(usage.GetProperty("prompt_tokens").GetInt32() + usage.GetProperty("completion_tokens").GetInt32());
        usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32().Should().BeGreaterThanOrEqualTo(0);
    }

    [SkippableFact]
    public async Task Chat_StreamHelper_GathersTheAnswer()
        => Json(await OpenAIClient.RunAsync(tiny.Server, "streamHelper")).Should().Be($$"""{"content":"{{Answer}}","finish":"stop"}""");

    [SkippableFact]
    public async Task Chat_Logprobs_HaveTheTokensBytes()
    {
        var seen = await OpenAIClient.RunAsync(tiny.Server, "logprobs");

        seen.GetProperty("count").GetInt32().Should().Be(5);
        Answer.Should().StartWith(seen.GetProperty("text").GetString());
        seen.GetProperty("top").GetBoolean().Should().BeTrue();
    }

    [SkippableFact]
    public async Task Completions_EchoAndLogprobs_BeginWithThePrompt()
    {
        var seen = await OpenAIClient.RunAsync(tiny.Server, "completions");

        seen.GetProperty("text").GetString().Should().StartWith("The capital of France");
        seen.GetProperty("first").ValueKind.Should().Be(JsonValueKind.Null);
    }

    [SkippableTheory]
    [InlineData("schema")]
    [InlineData("responseSchema")]
    public async Task Parse_Schema_IsWhatItSays(string name)
    {
        var person = (await OpenAIClient.RunAsync(tiny.Server, name)).GetProperty("parsed");

        person.GetProperty("name").GetString()!.Length.Should().BeLessThanOrEqualTo(6);
        person.GetProperty("age").GetInt32().Should().BeInRange(0, 99);
    }

    [SkippableTheory]
    [InlineData("forcedTool")]
    [InlineData("forcedToolStream")]
    public async Task Chat_RequiredTool_IsCalledAsItsSchemaSays(string name)
    {
        var seen = await OpenAIClient.RunAsync(tiny.Server, name);

        seen.GetProperty("name").GetString().Should().Be("get_weather");
        seen.GetProperty("arguments").GetProperty("city").GetString()!.Length.Should().BeLessThanOrEqualTo(12);
        seen.GetProperty("finish").GetString().Should().Be("tool_calls");
        (!seen.TryGetProperty("joined", out var joined) || joined.GetBoolean()).Should().BeTrue("the pieces are the whole");
    }

    [SkippableTheory]
    [InlineData("tool")]
    [InlineData("toolStream")]
    public async Task Chat_ModelsOwnCall_IsTheSameWholeAndStreamed(string name)
    {
        await using var server = await TestApplication.StartAsync(ToolCallTests.Answering(Call), ToolCallTests.WithTools);

        Json(await OpenAIClient.RunAsync(server, name)).Should().Be("""{"content":"I look.","calls":[{"name":"get_weather","arguments":"{\"city\": \"Oslo\"}"}],"finish":"tool_calls"}""");
    }

    [SkippableFact]
    public async Task RunTools_CallAndAnswer_GoBackAndForth()
    {
        await using var server = await TestApplication.StartAsync(
            new ScriptedEngineCore(r =>
            {
                var told = TestApplication.Tokenizer.Decode(r.PromptTokenIds, skipSpecialTokens: false).Contains("cold in Oslo", StringComparison.Ordinal);
                return [.. TestApplication.Tokenizer.Encode(told ? "It is cold." : Call, addSpecialTokens: false), 2];
            }) { MaxModelLen = 2048 },
            ToolCallTests.WithTools);

        Json(await OpenAIClient.RunAsync(server, "runTools")).Should().Be("""{"asked":[{"city":"Oslo"}],"content":"It is cold."}""");
    }

    [SkippableFact]
    public async Task Abort_MidStream_EndsTheRequestInTheEngine()
    {
        var core = new ScriptedEngineCore(_ => Enumerable.Repeat(70, 1_000_000).ToList()) { Steps = new SemaphoreSlim(0) };
        await using var server = await TestApplication.StartAsync(core);

        // At the pace of a model: an engine that runs free keeps a core to itself and the client far behind.
        var client = OpenAIClient.RunAsync(server, "abort");
        while (!client.IsCompleted)
        {
            core.Steps.Release();
            await Task.WhenAny(client, Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System));
        }

        Json(await client).Should().Be("""{"pieces":2}""");
        await Eventually.HoldsAsync(Stepped(() => core.Aborted.Count == 1 && server.Host.Loaded!.Llm.InFlight == 0), "the engine is told that the client left");

        // Leaving is noticed between two steps.
        Func<bool> Stepped(Func<bool> condition) => () =>
        {
            core.Steps.Release();
            return condition();
        };
    }

    [SkippableFact]
    public async Task Embeddings_TwoTexts_AreUnitVectors()
    {
        var seen = await OpenAIClient.RunAsync(tiny.Server, "embeddings");

        seen.GetProperty("count").GetInt32().Should().Be(2);
        seen.GetProperty("width").GetInt32().Should().Be(128);
        seen.GetProperty("length").GetDouble().Should().BeApproximately(1, 1e-3);
    }

    [SkippableFact]
    public async Task Responses_Text_IsAnswered()
    {
        var seen = await OpenAIClient.RunAsync(tiny.Server, "response");

        seen.GetProperty("text").GetString().Should().Be(Answer);
        seen.GetProperty("status").GetString().Should().Be("completed");
        seen.GetProperty("store").GetBoolean().Should().BeFalse();
        seen.GetProperty("usage").GetProperty("output_tokens").GetInt32().Should().BePositive();
    }

    [SkippableFact]
    public async Task Responses_Stream_SendsItsEventsInOrder()
    {
        var seen = await OpenAIClient.RunAsync(tiny.Server, "responseStream");

        seen.GetProperty("types").EnumerateArray().Select(t => t.GetString()).Should().Equal(
            "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added", "response.output_text.delta",
            "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed");
        seen.GetProperty("ordered").GetBoolean().Should().BeTrue();
        seen.GetProperty("status").GetString().Should().Be("completed");
        seen.GetProperty("text").GetString().Should().NotBeEmpty();
    }

    [SkippableFact]
    public async Task Responses_Tool_IsCalledAndItsOutputTakenBack()
    {
        var seen = await OpenAIClient.RunAsync(tiny.Server, "responseTool");

        seen.GetProperty("name").GetString().Should().Be("get_weather");
        seen.GetProperty("arguments").GetProperty("city").ValueKind.Should().Be(JsonValueKind.String);
        seen.GetProperty("same").GetBoolean().Should().BeTrue("streamed and whole agree");
        seen.GetProperty("second").GetString().Should().NotBe("failed");
    }

    [SkippableFact]
    public async Task Errors_AreTheClientsOwnExceptions()
    {
        await using var server = await TestApplication.StartAsync(ToolCallTests.Answering("ok"), o => o with { ApiKeys = ["key"] });

        var seen = await OpenAIClient.RunAsync(server, "errors");

        Json(seen.GetProperty("key")).Should().Be("""{"name":"AuthenticationError","status":401,"code":"invalid_api_key","param":null,"type":"authentication_error"}""");
        Json(seen.GetProperty("model")).Should().Be("""{"name":"NotFoundError","status":404,"code":"model_not_found","param":"model","type":"invalid_request_error"}""");
        Json(seen.GetProperty("field")).Should().Be("""{"name":"BadRequestError","status":400,"code":"invalid_value","param":"temperature","type":"invalid_request_error"}""");
        Json(seen.GetProperty("response")).Should().Be("""{"name":"BadRequestError","status":400,"code":"unsupported_parameter","param":"previous_response_id","type":"invalid_request_error"}""");
    }

    private static string Json(JsonElement element) => element.GetRawText();
}
