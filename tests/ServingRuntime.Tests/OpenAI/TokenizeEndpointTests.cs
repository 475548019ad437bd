using Octavo.ServingRuntime.Tests.Hosting;

namespace Octavo.ServingRuntime.Tests.OpenAI;

public sealed class TokenizeEndpointTests
{
    [Fact]
    public async Task Tokenize_PromptAndBack_IsTheSameText()
    {
        await using var server = await TestApplication.StartAsync("ok");

        var answer = await server.PostForJsonAsync("/tokenize", """{"model": "octavo-tiny", "prompt": "Good day ☃", "return_token_strs": true}""");
        var back = await server.PostForJsonAsync("/detokenize", $"{{\"tokens\": {answer.GetProperty("tokens").GetRawText()}}}");

        answer.GetProperty("count").GetInt32().Should().Be(answer.GetProperty("tokens").GetArrayLength());
        answer.GetProperty("token_strs").GetArrayLength().Should().Be(answer.GetProperty("count").GetInt32());
        answer.GetProperty("max_model_len").GetInt32().Should().Be(128);
        back.GetProperty("prompt").GetString().Should().Be("Good day ☃");
    }

    [Fact]
    public async Task Tokenize_MessagesWithTools_AreTheTokensOfTheChat()
    {
        await using var server = await TestApplication.StartAsync(ToolCallTests.Answering("ok"), ToolCallTests.WithTools);
        const string body = """{"messages": [{"role": "user", "content": "Hi"}], "tools": [{"type": "function", "function": {"name": "f"}}]""";

        var tokens = (await server.PostForJsonAsync("/tokenize", body + "}")).GetProperty("tokens");
        var prompt = (await server.PostForJsonAsync("/v1/chat/completions", body + """, "return_token_ids": true}""")).GetProperty("prompt_token_ids");

        tokens.GetRawText().Should().Be(prompt.GetRawText());
        TestApplication.Tokenizer.Decode(tokens.EnumerateArray().Select(t => t.GetInt32()), false).Should().Contain("\"name\": \"f\"");
    }
}
