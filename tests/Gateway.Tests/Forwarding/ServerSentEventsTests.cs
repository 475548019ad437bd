using System.Text;
using Octavo.Gateway.Forwarding;

namespace Octavo.Gateway.Tests.Forwarding;

public sealed class ServerSentEventsTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData("data: 1", 0)]
    [InlineData("data: 1\n", 0)]
    [InlineData("data: 1\n\n", 9)]
    [InlineData("data: 1\n\ndata: 2\n", 9)]
    [InlineData("data: 1\r\n\r\ndata", 11)]
    [InlineData("data: 1\r\rdata", 9)]
    [InlineData(": ping\n\n", 8)]
    public void WholeEvents_Bytes_EndsAfterTheLastEmptyLine(string text, int expected) =>
        ServerSentEvents.WholeEvents(Encoding.UTF8.GetBytes(text)).Should().Be(expected);

    [Theory]
    [InlineData("data: [DONE]\n\n", true)]
    [InlineData("data: 1\n\ndata: [DONE]\n\n", true)]
    [InlineData("data: {\"text\":\"data: [DONE]\"}\n\n", false)]
    [InlineData("data: {\"text\":\"\\ndata: [DONE]\"}\n\n", false)]
    public void ContainDone_Events_OnlyTheEventCounts(string text, bool expected) =>
        ServerSentEvents.ContainDone(Encoding.UTF8.GetBytes(text)).Should().Be(expected);
}
