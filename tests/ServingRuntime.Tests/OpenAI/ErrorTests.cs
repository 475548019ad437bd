using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Octavo.ServingRuntime.Engine.Tests.Core;
using Octavo.ServingRuntime.Tests.Hosting;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Tests.OpenAI;

public sealed class ErrorTests(SharedApplication shared) : IClassFixture<SharedApplication>
{
    [Theory]
    [InlineData("/v1/chat/completions", """{"model": "gpt-9", "messages": [{"role": "user", "content": "x"}]}""", 404, "model", "model_not_found", "gpt-9")]
    [InlineData("/v1/chat/completions", """{"messages": []}""", 400, "messages", "invalid_value", "at least one")]
    [InlineData("/v1/chat/completions", """{}""", 400, "messages", "invalid_value", "missing")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "king", "content": "x"}]}""", 400, "messages[0].role", "invalid_value", "one of")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user"}]}""", 400, "messages[0].content", "invalid_value", "missing")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}""", 400, "messages[0].content[0]", "unsupported_parameter", "image_url")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "max_tokens": 100000}""", 400, "max_tokens", "context_length_exceeded", "100000")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "max_completion_tokens": 125}""", 400, "max_completion_tokens", "context_length_exceeded", "128")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "temperature": -1}""", 400, "temperature", "invalid_value", "at least 0")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "temperature": "hot"}""", 400, "temperature", "invalid_value", "number")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "n": 1000000}""", 400, "n", "invalid_value", "1 to 16")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "top_logprobs": 3}""", 400, "top_logprobs", "invalid_value", "logprobs")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "stream_options": {}}""", 400, "stream_options", "invalid_value", "stream")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function"}]}""", 400, "tools[0].function", "invalid_value", "missing")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function", "function": {"name": "f"}}]}""", 400, "tools", "unsupported_parameter", "does not take tools")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "web_search"}]}""", 400, "tools[0].type", "unsupported_parameter", "web_search")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function", "function": {"name": "f g"}}]}""", 400, "tools[0].function.name", "invalid_value", "letters")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function", "function": {"name": "f"}}, {"type": "function", "function": {"name": "f"}}]}""", 400, "tools[1].function.name", "invalid_value", "repeats")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "tool_choice": "required"}""", 400, "tool_choice", "invalid_value", "no 'tools'")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "tool_choice": {"type": "function", "function": {"name": "f"}}}""", 400, "tool_choice.function.name", "invalid_value", "none of")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "functions": [{"name": "f"}]}""", 400, "functions", "unsupported_parameter", "former name")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "documents": [{"text": "x"}]}""", 400, "documents", "unsupported_parameter", "does not read")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "chat_template_kwargs": {"tokenize": true}}""", 400, "chat_template_kwargs", "invalid_value", "tokenize")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "chat_template_kwargs": {"bos_token": "x"}}""", 400, "chat_template_kwargs", "invalid_value", "bos_token")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "reasoning_effort": "huge"}""", 400, "reasoning_effort", "invalid_value", "one of")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "chat_template": "{{ 1 }}"}""", 400, "chat_template", "unsupported_parameter", "not supported")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "x"}], "logit_bias": {"99999": 1}}""", 400, "logit_bias", "invalid_value", "99999")]
    [InlineData("/v1/chat/completions", """{"messages": [{"role": "user", "content": "\ud800"}]}""", 400, "messages[0].content", "invalid_value", "surrogate")]
    [InlineData("/v1/completions", """{"prompt": []}""", 400, "prompt", "invalid_value", "empty")]
    [InlineData("/v1/completions", """{"prompt": ""}""", 400, "prompt", null, "empty")]
    [InlineData("/v1/completions", """{"prompt": [99999]}""", 400, "prompt", null, "99999")]
    [InlineData("/v1/completions", """{"prompt": [-1]}""", 400, "prompt", null, "-1")]
    [InlineData("/v1/completions", """{"prompt": "x", "allowed_token_ids": []}""", 400, "allowed_token_ids", "invalid_value", "empty")]
    [InlineData("/v1/completions", """{"prompt": "x", "allowed_token_ids": [99999]}""", 400, "allowed_token_ids", "invalid_value", "4096")]
    [InlineData("/v1/completions", """{"prompt": "x", "logprobs": 21}""", 400, "logprobs", "invalid_value", "0 to 20")]
    [InlineData("/v1/completions", """{"prompt": "x", "prompt_logprobs": 1, "stream": true}""", 400, "prompt_logprobs", "invalid_value", "stream")]
    [InlineData("/v1/completions", """{"prompt": "x", "truncate_prompt_tokens": 0}""", 400, "truncate_prompt_tokens", "invalid_value", "-1")]
    [InlineData("/detokenize", """{"tokens": [99999]}""", 400, "tokens", "invalid_value", "4096")]
    [InlineData("/tokenize", """{"model": "other", "prompt": "x"}""", 404, "model", "model_not_found", "other")]
    [InlineData("/v1/completions", """{"prompt": "x", "suffix": "y"}""", 400, "suffix", "unsupported_parameter", "not supported")]
    [InlineData("/v1/completions", """{"prompt": "x", "best_of": 4}""", 400, "best_of", "unsupported_parameter", "not supported")]
    [InlineData("/v1/completions", """{"prompt": "x", "stop": [""]}""", 400, "stop", "invalid_value", "empty")]
    [InlineData("/v1/completions", """{"prompt": "x", "max_tokens": 0}""", 400, "max_tokens", "invalid_value", "at least 1")]
    [InlineData("/v1/completions", """{"prompt": }""", 400, null, "invalid_json", "line 1, byte 12")]
    [InlineData("/v1/completions", """[1]""", 400, null, "invalid_json", "object")]
    public async Task Post_BadRequest_NamesTheFieldAndTheReason(string path, string json, int status, string? param, string? code, string reason)
    {
        var error = (await shared.Server.PostForJsonAsync(path, json, status)).GetProperty("error");

        error.GetProperty("message").GetString().Should().Contain(reason);
        error.GetProperty("param").GetString().Should().Be(param);
        error.GetProperty("code").GetString().Should().Be(code);
        error.GetProperty("type").GetString().Should().Be("invalid_request_error");
    }

    [Fact]
    public async Task Post_PromptTooLong_NamesBothNumbers()
    {
        await using var server = await TestApplication.StartAsync("ok");

        var error = (await server.PostForJsonAsync("/v1/completions", $"{{\"prompt\": [{string.Join(',', Enumerable.Repeat(70, 200))}]}}", 400)).GetProperty("error");

        error.GetProperty("message").GetString().Should().Contain("128").And.Contain("200");
        error.GetProperty("code").GetString().Should().Be("context_length_exceeded");
    }

    [Fact]
    public async Task Request_UnknownPathOrMethod_HasTheEnvelope()
    {
        await using var server = await TestApplication.StartAsync("ok");

        (await ErrorOfAsync(await server.Client.GetAsync("/v2/nothing"), 404)).GetProperty("message").GetString().Should().Contain("/v2/nothing");
        (await ErrorOfAsync(await server.Client.GetAsync("/v1/completions"), 405)).GetProperty("message").GetString().Should().Contain("GET");
        (await ErrorOfAsync(await server.Client.GetAsync("/v1/models/other"), 404)).GetProperty("code").GetString().Should().Be("model_not_found");
    }

    [Fact]
    public async Task Post_OtherContentType_Is415()
    {
        await using var server = await TestApplication.StartAsync("ok");

        await ErrorOfAsync(await server.Client.PostAsync("/v1/completions", new StringContent("{}", null, "text/plain")), 415);
    }

    [Fact]
    public async Task Post_BodyTooLarge_Is413()
    {
        await using var server = await TestApplication.StartAsync("ok", o => o with { MaxRequestBodyBytes = 1000 });

        var error = await ErrorOfAsync(await server.PostAsync("/v1/completions", $"{{\"prompt\": \"{new string('x', 2000)}\"}}"), 413);

        error.GetProperty("code").GetString().Should().Be("request_too_large");
    }

    [Fact]
    public async Task Request_WithApiKeys_NeedsOneEverywhereButForProbes()
    {
        await using var server = await TestApplication.StartAsync("ok", o => o with { ApiKeys = ["first", "second"] });

        foreach (var path in new[] { "/v1/models", "/version", "/nothing" })
        {
            var response = await server.Client.GetAsync(path);
            (await ErrorOfAsync(response, 401)).GetProperty("code").GetString().Should().Be("invalid_api_key");
        }

        foreach (var path in new[] { "/health", "/ready", "/metrics" })
        {
            (await server.Client.GetAsync(path)).StatusCode.Should().Be(HttpStatusCode.OK);
        }

        foreach (var key in new[] { "first", "second" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };
            (await server.Client.SendAsync(request)).StatusCode.Should().Be(HttpStatusCode.OK);
        }

        using var wrong = new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", "firs") } };
        (await server.Client.SendAsync(wrong)).StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Post_QueueFull_Is503WithRetryAfter()
    {
        var core = new ScriptedEngineCore(_ => [70, 2]) { Steps = new SemaphoreSlim(0) };
        await using var server = await TestApplication.StartAsync(core, o => o with { MaxQueuedRequests = 0 }, maxNumSeqs: 1);
        var first = server.PostAsync("/v1/completions", """{"prompt": "x"}""");
        await Eventually.HoldsAsync(() => server.Host.Loaded!.Llm.InFlight > 0, "the request is in flight");

        var response = await server.PostAsync("/v1/completions", """{"prompt": "x"}""");

        response.Headers.RetryAfter!.Delta.Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(1));
        (await ErrorOfAsync(response, 503)).GetProperty("code").GetString().Should().Be("queue_full");
        core.Steps.Release(10);
        (await first).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Request_WithAnId_GetsItBack()
    {
        await using var server = await TestApplication.StartAsync("ok");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { { "X-Request-Id", "abc-123" } } };

        (await server.Client.SendAsync(request)).Headers.GetValues("X-Request-Id").Should().Equal("abc-123");
        (await server.Client.GetAsync("/v1/models")).Headers.GetValues("X-Request-Id").Single().Should().HaveLength(32);
    }

    private static async Task<JsonElement> ErrorOfAsync(HttpResponseMessage response, int status)
    {
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync();
            ((int)response.StatusCode).Should().Be(status, text);
            var error = JsonSerializer.Deserialize<JsonElement>(text).GetProperty("error");
            error.EnumerateObject().Select(p => p.Name).Should().Equal("message", "type", "param", "code");
            return error;
        }
    }
}
