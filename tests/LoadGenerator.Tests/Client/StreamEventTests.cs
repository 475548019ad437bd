using System.Text.Json;
using Octavo.LoadGenerator.Client;

namespace Octavo.LoadGenerator.Tests.Client;

public sealed class StreamEventTests
{
    [Theory]
    [InlineData("""data: {"choices":[{"delta":{"content":"a"}}]}""", true)]
    [InlineData("""data: {"choices":[{"text":"a"}]}""", true)]
    [InlineData("""data: {"choices":[{"delta":{"reasoning":"a"}}]}""", true)]
    [InlineData("""data: {"choices":[{"delta":{},"finish_reason":"stop"}]}""", true)]
    [InlineData("""data: {"choices":[{"delta":{"role":"assistant","content":""}}]}""", false)]
    [InlineData("""data: {"choices":[]}""", false)]
    [InlineData("""data:{"choices":[{"delta":{"content":null},"finish_reason":null}]}""", false)]
    public void Parse_Chunk_TellsWhetherItBringsText(string line, bool expected) => StreamEvent.Parse(line)!.Value.HasText.Should().Be(expected);

    [Theory]
    [InlineData("")]
    [InlineData(": ping")]
    [InlineData("event: x")]
    public void Parse_NoData_IsNull(string line) => StreamEvent.Parse(line).Should().BeNull();

    [Fact]
    public void Parse_Done_IsDone() => StreamEvent.Parse("data: [DONE]")!.Value.IsDone.Should().BeTrue();

    [Fact]
    public void Parse_Error_GivesItsMessage() => StreamEvent.Parse("""data: {"error":{"message":"lost","code":1}}""")!.Value.Error.Should().Be("lost");

    [Fact]
    public void Parse_Usage_IsRead() =>
        StreamEvent.Parse("""data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":3}}}""")!.Value.Usage.Should().Be(new TokenUsage(5, 7, 3));

    [Fact]
    public void Parse_HalfALine_Throws() => FluentActions.Invoking(() => StreamEvent.Parse("data: {")).Should().Throw<JsonException>();
}
