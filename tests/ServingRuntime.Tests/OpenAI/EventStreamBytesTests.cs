using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Octavo.ServingRuntime.Engine.Tests.Core;
using Octavo.ServingRuntime.Tests.Hosting;

namespace Octavo.ServingRuntime.Tests.OpenAI;

/// <summary>What lies on the wire, byte by byte, read from a socket of the test's own: a client library would forgive too much.</summary>
public sealed partial class EventStreamBytesTests
{
    [Fact]
    public async Task Chat_StreamWithUsage_IsFramedAsOpenAIFramesIt()
    {
        await using var server = await TestApplication.StartAsync(new ScriptedEngineCore(_ => [.. TestApplication.Tokenizer.Encode("Oslo", addSpecialTokens: false), 2]));

        var (head, body) = await PostAsync(server, "/v1/chat/completions", """{"messages":[{"role":"user","content":"Hi"}],"max_tokens":9,"stream":true,"stream_options":{"include_usage":true}}""");

        head.Should().StartWith("HTTP/1.1 200 OK\r\n").And.Contain("Content-Type: text/event-stream\r\n").And.Contain("Cache-Control: no-cache\r\n");
        var usage = Usage().Match(body).Value;
        usage.Should().NotBeEmpty();
        Pieces().Replace(Ids().Replace(body, m => m.Groups[1].Value + "X" + m.Groups[2].Value), "").Should().Be(
            Chunk("""{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}""")
            + Chunk("""{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}""")
            + $"data: {{\"id\":\"X\",\"object\":\"chat.completion.chunk\",\"created\":X,\"model\":\"octavo-tiny\",\"choices\":[],{usage}}}\n\n"
            + "data: [DONE]\n\n");
        string.Concat(Pieces().Matches(Ids().Replace(body, m => m.Groups[1].Value + "X" + m.Groups[2].Value)).Select(m => m.Groups[1].Value)).Should().Be("Oslo");
    }

    private static string Chunk(string choice) => $"data: {{\"id\":\"X\",\"object\":\"chat.completion.chunk\",\"created\":X,\"model\":\"octavo-tiny\",\"choices\":[{choice}]}}\n\n";

    /// <summary>Head and body of an answer, the chunks of its transfer joined.</summary>
    private static async Task<(string Head, string Body)> PostAsync(TestApplication server, string path, string json)
    {
        var address = server.Client.BaseAddress!;
        using var socket = new TcpClient();
        await socket.ConnectAsync(address.Host, address.Port);
        await using var stream = socket.GetStream();
        var payload = Encoding.UTF8.GetBytes(json);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: application/json\r\nContent-Length: {payload.Length}\r\nConnection: close\r\n\r\n"));
        await stream.WriteAsync(payload);
        using var answer = new MemoryStream();
        await stream.CopyToAsync(answer);
        var text = Encoding.UTF8.GetString(answer.ToArray());
        var split = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var body = new StringBuilder();
        var rest = text[(split + 4)..];
        while (rest.Length > 0)
        {
            var line = rest.IndexOf("\r\n", StringComparison.Ordinal);
            var length = Convert.ToInt32(rest[..line], 16);
            body.Append(rest, line + 2, length);
            rest = rest[(line + 4 + length)..];
        }

        return (text[..(split + 2)], body.ToString());
    }

    [GeneratedRegex("""("id":"|"created":)(?:chatcmpl-[0-9a-f]{32}|[0-9]+)("?)""", RegexOptions.None, 1000)]
    private static partial Regex Ids();

    [GeneratedRegex("""data: {"id":"X","object":"chat.completion.chunk","created":X,"model":"octavo-tiny","choices":\[{"index":0,"delta":{"content":"([^"]+)"},"logprobs":null,"finish_reason":null}\]}\n\n""", RegexOptions.None, 1000)]
    private static partial Regex Pieces();

    [GeneratedRegex("""
        "usage":{"prompt_tokens":[0-9]+,"completion_tokens":[0-9]+,"total_tokens":[0-9]+,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}
        """, RegexOptions.None, 1000)]
    private static partial Regex Usage();
}
