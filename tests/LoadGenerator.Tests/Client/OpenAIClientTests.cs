using System.Text;
using Octavo.LoadGenerator.Client;
using Octavo.LoadGenerator.Configuration;
using Octavo.TestSupport;

namespace Octavo.LoadGenerator.Tests.Client;

public sealed class OpenAIClientTests
{
    private readonly FakeTimeProvider time = new();

    [Fact]
    public async Task Read_Stream_TimesTheTextAndTakesTheServersCounts()
    {
        var result = await ReadAsync(
            (100, "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n"),
            (50, "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n"),
            (20, "\n"),
            (10, "data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\n\n"),
            (40, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":3}}\n\n"),
            (5, "data: [DONE]\n\n"));

        result.Error.Should().BeNull();
        result.TimeToFirstToken.Should().BeApproximately(0.17, 1e-9, "an event counts when it is whole");
        result.InterTokenLatencies.Should().HaveCount(2);
        result.InterTokenLatencies[0].Should().BeApproximately(0.01, 1e-9);
        result.InterTokenLatencies[1].Should().BeApproximately(0.04, 1e-9);
        result.EndToEnd.Should().BeApproximately(0.225, 1e-9);
        result.OutputTokens.Should().Be(3);
        result.PromptTokens.Should().Be(5);
        result.Text.Should().Be("ab");
    }

    [Fact]
    public async Task Read_StreamWithoutUsage_CountsPieces() =>
        (await ReadAsync((1, "data: {\"choices\":[{\"text\":\"a\"}]}\n\ndata: {\"choices\":[{\"text\":\"b\"}]}\n\ndata: [DONE]\n\n"))).OutputTokens.Should().Be(2);

    [Fact]
    public async Task Read_StreamWithoutDone_IsAFailure()
    {
        var result = await ReadAsync((1, "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"));

        result.Error.Should().Contain("[DONE]");
        result.ErrorKind.Should().Be("protocol");
    }

    [Fact]
    public async Task Read_ErrorEvent_IsAFailure()
    {
        var result = await ReadAsync((1, "data: {\"error\":{\"message\":\"lost\"}}\n\n"), (0, "data: [DONE]\n\n"));

        result.Error.Should().Be("lost");
        result.ErrorKind.Should().Be("stream_error");
    }

    private async Task<RequestResult> ReadAsync(params (int Milliseconds, string Text)[] reads)
    {
        using var client = new OpenAIClient(new ServeOptions(), time);
        return await client.ReadStreamAsync(new TimedStream(time, reads), time.GetTimestamp(), keepText: true, CancellationToken.None);
    }

    /// <summary>Reads that come after some time each.</summary>
    private sealed class TimedStream(FakeTimeProvider time, (int Milliseconds, string Text)[] reads) : Stream
    {
        private int next;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (next == reads.Length)
            {
                return ValueTask.FromResult(0);
            }

            time.Advance(TimeSpan.FromMilliseconds(reads[next].Milliseconds));
            return ValueTask.FromResult(Encoding.UTF8.GetBytes(reads[next++].Text, buffer.Span));
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
