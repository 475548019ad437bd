using System.Net;
using System.Net.Sockets;
using System.Text;
using Octavo.LoadGenerator.Client;
using Octavo.LoadGenerator.Configuration;
using Octavo.LoadGenerator.Workload;

namespace Octavo.LoadGenerator.Tests.Client;

/// <summary>Servers that are not ours, byte by byte: what each does is a result, never an exception.</summary>
public sealed class OtherServersTests
{
    private const string Head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

    [Fact]
    public async Task Send_ServerWithoutUsageOrRole_IsMeasuredByItsPieces()
    {
        var result = await SendAsync(Head + "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\r\n\r\ndata: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\r\n\r\ndata: [DONE]\r\n\r\n");

        result.Error.Should().BeNull();
        result.OutputTokens.Should().Be(2);
        result.PromptTokens.Should().Be(0);
    }

    [Fact]
    public async Task Send_ChunksCutInsideEvents_AreJoined()
    {
        const string Stream = "data: {\"choices\":[{\"text\":\"é\"}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}\n\ndata: [DONE]\n\n";
        var bytes = Encoding.UTF8.GetBytes(Stream);
        var chunked = new StringBuilder("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        foreach (var b in bytes)
        {
            chunked.Append("1\r\n").Append((char)b).Append("\r\n");
        }

        var result = await SendAsync(chunked.Append("0\r\n\r\n").ToString());

        result.Error.Should().BeNull();
        result.PromptTokens.Should().Be(3);
        result.Text.Should().Be("é");
    }

    [Theory]
    [InlineData("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 27\r\n\r\n{\"error\":{\"message\":\"slow\"}}", "http_429", "HTTP 429")]
    [InlineData("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "http_500", "HTTP 500")]
    [InlineData("HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "http_307", "HTTP 307")]
    [InlineData(Head + "data: {\"choices\":[{\"text\":\"a\"}]}\n\n", "protocol", "without [DONE]")]
    [InlineData(Head + "data: not json\n\n", "protocol", "")]
    [InlineData(Head + "data: {\"error\":{\"message\":\"lost\",\"code\":500}}\n\ndata: [DONE]\n\n", "stream_error", "lost")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ndata:", "connection", "")]
    [InlineData("", "connection", "")]
    [InlineData("garbage\r\n\r\n", "connection", "")]
    public async Task Send_Failure_HasItsKind(string answer, string kind, string message)
    {
        var result = await SendAsync(answer);

        result.ErrorKind.Should().Be(kind);
        result.Error.Should().NotBeNullOrEmpty();
        result.Error!.Contains(message, StringComparison.Ordinal).Should().BeTrue(result.Error);
    }

    [Fact]
    public async Task Send_NobodyListens_IsAConnectionFailure()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        (await SendToAsync(port, TimeSpan.FromSeconds(30))).ErrorKind.Should().Be("connection");
    }

    [Fact]
    public async Task Send_ServerThatSaysNothing_IsATimeout()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        (await SendToAsync(((IPEndPoint)listener.LocalEndpoint).Port, TimeSpan.FromMilliseconds(50))).ErrorKind.Should().Be("timeout");
    }

    private static async Task<RequestResult> SendAsync(string answer)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var served = ServeAsync(listener, answer);
        var result = await SendToAsync(((IPEndPoint)listener.LocalEndpoint).Port, TimeSpan.FromSeconds(30));
        await served;
        return result;
    }

    private static async Task ServeAsync(TcpListener listener, string answer)
    {
        using var connection = await listener.AcceptTcpClientAsync();
        var stream = connection.GetStream();
        // The whole request, so that closing does not reset the connection: its body ends with a brace.
        var buffer = new byte[8192];
        for (var sum = 0; sum == 0 || buffer[sum - 1] != '}';)
        {
            sum += await stream.ReadAsync(buffer.AsMemory(sum));
        }

        await stream.WriteAsync(Encoding.Latin1.GetBytes(answer));
    }

    private static async Task<RequestResult> SendToAsync(int port, TimeSpan timeout)
    {
        using var client = new OpenAIClient(new ServeOptions { BaseUrl = $"http://127.0.0.1:{port}", RequestTimeout = timeout }, TimeProvider.System);
        var now = TimeProvider.System.GetTimestamp();
        return await client.SendAsync("m", new BenchRequest([new ChatMessage("user", "u")], null, 5), now, now, keepText: true, CancellationToken.None);
    }
}
