using System.Text.Json;
using Octavo.ServingRuntime.Engine.Tests.Core;
using Octavo.ServingRuntime.Tests.Hosting;

namespace Octavo.ServingRuntime.Tests.OpenAI.Responses;

public sealed class ResponsesEndpointTests
{
    private const string Path = "/v1/responses";
    private const string Weather = """{"type": "function", "name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}""";
    private const string Text = "<think>Hm.</think>I look.\n<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\"}}</tool_call>";

    [Fact]
    public async Task Post_ReasoningTextAndCall_AreItemsInTheirOrder()
    {
        await using var server = await TestApplication.StartAsync(ToolCallTests.Answering(Text), ToolCallTests.WithTools);
        var body = $$"""{"input": "Weather?", "tools": [{{Weather}}], "metadata": {"a": "b"}""";

        var response = await server.PostForJsonAsync(Path, body + "}");
        var streamed = await EventsAsync(server, body + """, "stream": true}""");

        response.GetProperty("status").GetString().Should().Be("completed");
        response.GetProperty("metadata").GetRawText().Should().Be("""{"a":"b"}""");
        response.GetProperty("usage").GetProperty("output_tokens_details").GetProperty("reasoning_tokens").GetInt32().Should().BePositive();
        var items = Items(response);
        items[0].Should().Be("""{"type":"reasoning","status":"completed","summary":[],"content":[{"type":"reasoning_text","text":"Hm."}]}""");
        items[1].Should().Be("""{"type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"I look.","annotations":[],"logprobs":[]}]}""");
        items[2].Should().Be("""{"type":"function_call","status":"completed","name":"get_weather","arguments":"{\"city\": \"Oslo\"}"}""");
        Items(streamed[^1].Data.GetProperty("response")).Should().Equal(items);
        streamed.Select(e => e.Name).Should().Equal(streamed.Select(e => e.Data.GetProperty("type").GetString()));
        streamed.Select(e => e.Data.GetProperty("sequence_number").GetInt32()).Should().Equal(Enumerable.Range(0, streamed.Count));
        string.Concat(streamed.Where(e => e.Name == "response.function_call_arguments.delta").Select(e => e.Data.GetProperty("delta").GetString())).Should().Be("{\"city\": \"Oslo\"}");
        streamed.Where(e => e.Name == "response.output_item.added").Select(e => e.Data.GetProperty("output_index").GetInt32()).Should().Equal(0, 1, 2);
    }

    [Fact]
    public async Task Post_CutByLength_IsIncomplete()
    {
        await using var server = await TestApplication.StartAsync(new ScriptedEngineCore(_ => [70, 71]) { MaxModelLen = 2048 });

        var response = await server.PostForJsonAsync(Path, """{"input": "x", "max_output_tokens": 2}""");

        response.GetProperty("status").GetString().Should().Be("incomplete");
        response.GetProperty("incomplete_details").GetProperty("reason").GetString().Should().Be("max_output_tokens");
        response.GetProperty("output")[0].GetProperty("status").GetString().Should().Be("incomplete");
    }

    [Fact]
    public async Task Post_Items_BecomeTheMessagesOfAChat()
    {
        IReadOnlyList<int> prompt = [];
        await using var server = await TestApplication.StartAsync(
            new ScriptedEngineCore(r =>
            {
                prompt = r.PromptTokenIds;
                return [2];
            }) { MaxModelLen = 2048 },
            ToolCallTests.WithTools);

        var response = await server.PostForJsonAsync(Path, """
            {"instructions": "Be brief.", "input": [
              {"role": "user", "content": [{"type": "input_text", "text": "Weather?"}]},
              {"type": "reasoning", "id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": "Hm."}]},
              {"type": "message", "role": "assistant", "id": "msg_1", "status": "completed", "content": [{"type": "output_text", "text": "I look.", "annotations": []}]},
              {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{\"a\": 1}"},
              {"type": "function_call_output", "call_id": "call_1", "output": "cold"}]}
            """);

        TestApplication.Tokenizer.Decode(prompt, skipSpecialTokens: false).Should().Be(
            "<|endoftext|><|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nWeather?<|im_end|>\n"
            + "<|im_start|>assistant\nI look.<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": 1}}</tool_call><|im_end|>\n<|im_start|>tool\ncold<|im_end|>\n<|im_start|>assistant\n");
        response.GetProperty("output").GetArrayLength().Should().Be(1, "an answer without a word is an empty message");
        response.GetProperty("instructions").GetString().Should().Be("Be brief.");
    }

    [Fact]
    public async Task Post_EngineFailsMidStream_SendsErrorAndFailed()
    {
        var core = new ScriptedEngineCore(_ => Enumerable.Repeat(70, 100).ToList()) { Steps = new SemaphoreSlim(1) };
        await using var server = await TestApplication.StartAsync(core);
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new StringContent("""{"input": "x", "stream": true}""", null, "application/json") };
        using var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

        core.Fault = new InvalidOperationException("secret detail");
        core.Steps.Release(1);
        var text = await response.Content.ReadAsStringAsync();

        text.Should().Contain("event: error\ndata: ").And.Contain("event: response.failed\ndata: ").And.NotContain("secret detail").And.NotContain("[DONE]");
    }

    [Theory]
    [InlineData("""{"input": []}""", "input", "at least one")]
    [InlineData("""{}""", "input", "missing")]
    [InlineData("""{"input": [{"role": "king", "content": "x"}], "instructions": "y"}""", "input[0].role", "one of")]
    [InlineData("""{"input": [{"type": "item_reference", "id": "x"}]}""", "input[0].type", "keeps no items")]
    [InlineData("""{"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}]}""", "input[0].content[0]", "input_image")]
    [InlineData("""{"input": "x", "store": true}""", "store", "keeps no responses")]
    [InlineData("""{"input": "x", "conversation": "c"}""", "conversation", "keeps no")]
    [InlineData("""{"input": "x", "background": true}""", "background", "not supported")]
    [InlineData("""{"input": "x", "max_output_tokens": 100000}""", "max_output_tokens", "max_output_tokens=100000")]
    [InlineData("""{"input": "x", "tools": [{"type": "function", "name": "a b"}]}""", "tools[0].name", "letters")]
    [InlineData("""{"input": "x", "tools": [{"type": "web_search"}]}""", "tools[0].type", "web_search")]
    [InlineData("""{"input": "x", "text": {"format": {"type": "json_schema", "name": "n"}}}""", "text.format.schema", "missing")]
    [InlineData("""{"input": "x", "reasoning": {"effort": "huge"}}""", "reasoning.effort", "one of")]
    public async Task Post_BadRequest_NamesTheFieldInItsOwnWords(string json, string param, string reason)
    {
        await using var server = await TestApplication.StartAsync(ToolCallTests.Answering("ok"));

        var error = (await server.PostForJsonAsync(Path, json, 400)).GetProperty("error");

        error.GetProperty("param").GetString().Should().Be(param);
        error.GetProperty("message").GetString().Should().Contain(reason);
    }

    /// <summary>Items without the ids that differ each time.</summary>
    private static List<string> Items(JsonElement response)
        => [.. response.GetProperty("output").EnumerateArray().Select(item => JsonSerializer.Serialize(
            item.EnumerateObject().Where(m => m.Name is not ("id" or "call_id")).ToDictionary(m => m.Name, m => m.Value),
            new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))];

    private static async Task<List<(string Name, JsonElement Data)>> EventsAsync(TestApplication server, string json)
    {
        using var response = await server.PostAsync(Path, json);
        var text = await response.Content.ReadAsStringAsync();
        response.Content.Headers.ContentType!.ToString().Should().Be("text/event-stream");
        text.Should().EndWith("\n\n");
        return [.. text[..^2].Split("\n\n").Select(e =>
        {
            var lines = e.Split('\n');
            lines.Should().HaveCount(2);
            lines[0].Should().StartWith("event: ");
            lines[1].Should().StartWith("data: ");
            return (lines[0]["event: ".Length..], JsonSerializer.Deserialize<JsonElement>(lines[1]["data: ".Length..]));
        })];
    }
}
