using System.Text;
using System.Text.Json;
using Octavo.LoadGenerator.Client;

namespace Octavo.LoadGenerator.Tests.Client;

public sealed class StreamEventTests
{
    [Theory]
    [InlineData("""{"choices":[{"delta":{"content":"a"}}]}""", true)]
    [InlineData("""{"choices":[{"text":"a"}]}""", true)]
    [InlineData("""{"choices":[{"index":0,"logprobs":{"text":["x"]},"delta":{"reasoning":"a"}}]}""", true)]
    [InlineData("""{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]}}]}""", true)]
    [InlineData("""{"choices":[{"delta":{},"finish_reason":"stop"}]}""", true)]
    [InlineData("""{"choices":[{"message":{"role":"assistant","content":"whole"},"finish_reason":"stop"}]}""", true)]
    [InlineData("""{"choices":[{"delta":{"role":"assistant","content":""}}]}""", false)]
    [InlineData("""{"choices":[]}""", false)]
    [InlineData("""{"choices":null}""", false)]
    [InlineData("""{"choices":[{"logprobs":{"content":["x"]},"text":""}]}""", false)]
    [InlineData("""{"choices":[{"delta":{"content":null},"finish_reason":null}]}""", false)]
    [InlineData("""{"id":"x","object":{"choices":[{"text":"a"}]}}""", false)]
    public void Parse_Chunk_TellsWhetherItBringsText(string data, bool expected) => Parse(data).HasText.Should().Be(expected);

    [Fact]
    public void Parse_Text_IsGathered()
    {
        var text = new StringBuilder();
        StreamEvent.Parse("""{"choices":[{"delta":{"content":"a\né"}}]}"""u8, text);
        StreamEvent.Parse("""{"choices":[{"text":"b"}]}"""u8, text);

        text.ToString().Should().Be("a\néb");
    }

    [Theory]
    [InlineData("[DONE]")]
    [InlineData("[DONE] ")]
    public void Parse_Done_IsDone(string data) => Parse(data).IsDone.Should().BeTrue();

    [Theory]
    [InlineData("""{"error":{"message":"lost","code":1}}""", "lost")]
    [InlineData("""{"error":"lost"}""", "lost")]
    [InlineData("""{"error":null,"choices":[]}""", null)]
    public void Parse_Error_GivesItsMessage(string data, string? expected) => Parse(data).Error.Should().Be(expected);

    [Fact]
    public void Parse_Usage_IsRead() =>
        Parse("""{"choices":[],"usage":{"prompt_tokens":5,"total_tokens":12,"completion_tokens":7,"completion_tokens_details":{"x":[1]},"prompt_tokens_details":{"audio":0,"cached_tokens":3}}}""")
            .Usage.Should().Be(new TokenUsage(5, 7, 3));

    [Theory]
    [InlineData("""{"usage":null}""")]
    [InlineData("""{"choices":[]}""")]
    public void Parse_NoUsage_IsNull(string data) => Parse(data).Usage.Should().BeNull();

    [Fact]
    public void Parse_UsageWithoutCounts_IsZero() => Parse("""{"usage":{"prompt_tokens":null,"prompt_tokens_details":null}}""").Usage.Should().Be(new TokenUsage(0, 0, 0));

    [Fact]
    public void Parse_Metrics_GivesTheQueueTime() => Parse("""{"choices":[],"metrics":{"generation_time_ms":4,"queue_time_ms":1.5}}""").QueueMilliseconds.Should().Be(1.5);

    [Theory]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"choices":[{"text":"a"}""")]
    [InlineData("{} {}")]
    public void Parse_NoObject_Throws(string data) => FluentActions.Invoking(() => Parse(data)).Should().Throw<JsonException>();

    private static StreamEvent Parse(string data) => StreamEvent.Parse(Encoding.UTF8.GetBytes(data));
}
