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
            (100, """data: {"choices":[{"delta":{"role":"assistant","content":""}}]}"""),
            (50, """data: {"choices":[{"delta":{"content":"a"}}]}"""),
            (20, ""),
            (10, """data: {"choices":[{"delta":{"content":"b"}}]}"""),
            (40, """data: {"choices":[{"delta":{},"finish_reason":"stop"}]}"""),
            (0, """data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":3}}"""),
            (5, "data: [DONE]"));

        result.Error.Should().BeNull();
        result.TimeToFirstToken.Should().BeApproximately(0.15, 1e-9);
        result.InterTokenLatencies.Should().HaveCount(2);
        result.InterTokenLatencies[0].Should().BeApproximately(0.03, 1e-9);
        result.InterTokenLatencies[1].Should().BeApproximately(0.04, 1e-9);
        result.EndToEnd.Should().BeApproximately(0.225, 1e-9);
        result.OutputTokens.Should().Be(3);
        result.PromptTokens.Should().Be(5);
    }

    [Fact]
    public async Task Read_StreamWithoutDone_IsAFailure() =>
        (await ReadAsync((1, """data: {"choices":[{"delta":{"content":"a"}}]}"""))).Error.Should().Contain("[DONE]");

    [Fact]
    public async Task Read_ErrorEvent_IsAFailure() =>
        (await ReadAsync((1, """data: {"error":{"message":"lost"}}"""), (0, "data: [DONE]"))).Error.Should().Be("lost");

    private async Task<RequestResult> ReadAsync(params (int Milliseconds, string Line)[] lines)
    {
        using var client = new OpenAIClient(new ServeOptions(), time);
        return await client.ReadAsync(new TimedReader(time, lines), time.GetTimestamp(), CancellationToken.None);
    }

    /// <summary>Lines that come after some time each.</summary>
    private sealed class TimedReader(FakeTimeProvider time, (int Milliseconds, string Line)[] lines) : TextReader
    {
        private int next;

        public override ValueTask<string?> ReadLineAsync(CancellationToken cancellationToken)
        {
            if (next == lines.Length)
            {
                return ValueTask.FromResult<string?>(null);
            }

            time.Advance(TimeSpan.FromMilliseconds(lines[next].Milliseconds));
            return ValueTask.FromResult<string?>(lines[next++].Line);
        }
    }
}
