using System.Text;
using System.Text.Json.Nodes;
using Octavo.LoadGenerator.Client;
using Octavo.LoadGenerator.Configuration;
using Octavo.LoadGenerator.Workload;

namespace Octavo.LoadGenerator.Tests.Client;

public sealed class RequestBodyTests
{
    private static readonly BenchRequest Request = new([new ChatMessage("system", "s"), new ChatMessage("user", "u")], null, 7);

    [Fact]
    public void Render_Chat_HasMessagesAndOptions() =>
        Render(new ServeOptions { Endpoint = "/v1/chat/completions", IgnoreEos = true, Temperature = 0, ExtraBody = new JsonObject { ["n"] = 2, ["x"] = null } }, Request).Should().Be(
            """{"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"u"}],"max_tokens":7,"stream":true,"stream_options":{"include_usage":true},"ignore_eos":true,"temperature":0,"n":2,"x":null}""");

    [Fact]
    public void Render_Completion_HasOnePrompt() =>
        Render(new ServeOptions { Endpoint = "/v1/completions", NoStream = true }, Request).Should().Be("""{"model":"m","prompt":"s\nu","max_tokens":7}""");

    [Fact]
    public void Render_CompletionOfTokens_HasTheirIds() =>
        Render(new ServeOptions { Endpoint = "/v1/completions", NoStream = true }, Request with { TokenIds = [4, 5] }).Should().Be("""{"model":"m","prompt":[4,5],"max_tokens":7}""");

    [Fact]
    public void Render_Embedding_HasAnInputAndNoGeneration() =>
        Render(new ServeOptions { Endpoint = "/v1/embeddings" }, new BenchRequest([new ChatMessage("user", "u")], null, 7)).Should().Be("""{"model":"m","input":"u"}""");

    private static string Render(ServeOptions options, BenchRequest request) => Encoding.UTF8.GetString(RequestBody.Render(options, "m", request).Span);
}
