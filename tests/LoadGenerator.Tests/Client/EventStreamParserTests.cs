using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Octavo.LoadGenerator.Client;

namespace Octavo.LoadGenerator.Tests.Client;

public sealed class EventStreamParserTests
{
    [Theory]
    [InlineData("data: a\n\ndata: b\n\n", "a|b")]
    [InlineData("data:a\r\n\r\ndata: b\r\n\r\n", "a|b")]
    [InlineData("data: a\r\rdata: b\r\r", "a|b")]
    [InlineData(": ping\n\nevent: x\nid: 1\ndata: a\nretry: 5\n\n", "a")]
    [InlineData("data: a\ndata: b\n\n", "a\nb")]
    [InlineData("data\n\ndata:\n\n", "|")]
    [InlineData("data:  two spaces\n\n", " two spaces")]
    [InlineData("database: x\n\n\n\n", "")]
    [InlineData("\uFEFFdata: a\n\n", "a")]
    [InlineData("data: never ended\n", "")]
    public void TryRead_Stream_GivesItsEvents(string stream, string expected) =>
        string.Join('|', Events(Encoding.UTF8.GetBytes(stream), [])).Should().Be(expected);

    [Fact]
    public void TryRead_SplitAnywhere_GivesTheSameEvents()
    {
        string[] pieces = ["data: {\"a\":1}", "data", ":", " ", "x", "é", "\n", "\r", "\r\n", "\n\n", "\r\n\r\n", ": c", "event: e", "data: [DONE]", "\uFEFF"];
        var streams = Gen.Elements(pieces).ListOf().Select(list => Encoding.UTF8.GetBytes(string.Concat(list)));
        var cases = streams.SelectMany(bytes => Gen.Choose(0, Math.Max(1, bytes.Length)).ListOf().Select(cuts => (Bytes: bytes, Cuts: cuts.ToArray())));

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(cases.ToArbitrary(), c => Events(c.Bytes, c.Cuts).SequenceEqual(Events(c.Bytes, []))));
    }

    [Fact]
    public void TryRead_EventLargerThanTheBuffer_IsWhole()
    {
        var text = new string('x', 100_000);

        Events(Encoding.UTF8.GetBytes($"data: {text}\n\ndata: y\n\n"), [1, 50_000, 100_007]).Should().Equal(text, "y");
    }

    [Fact]
    public void GetMemory_EndlessEvent_Throws()
    {
        var parser = new EventStreamParser();

        FluentActions.Invoking(() =>
        {
            for (var sum = 0; sum <= EventStreamParser.MaxEventBytes;)
            {
                var memory = parser.GetMemory();
                memory.Span.Fill((byte)'x');
                parser.Advance(memory.Length);
                sum += memory.Length;
                parser.TryRead(out _);
            }

            parser.GetMemory();
        }).Should().Throw<InvalidDataException>();
    }

    /// <summary>Feeds the bytes in reads that end at the cuts.</summary>
    private static List<string> Events(byte[] bytes, IReadOnlyList<int> cuts)
    {
        var parser = new EventStreamParser();
        var events = new List<string>();
        var at = 0;
        foreach (var end in cuts.Where(c => c <= bytes.Length).Append(bytes.Length).Order())
        {
            while (at < end)
            {
                var memory = parser.GetMemory();
                var size = Math.Min(memory.Length, end - at);
                bytes.AsMemory(at, size).CopyTo(memory);
                parser.Advance(size);
                at += size;
                while (parser.TryRead(out var data))
                {
                    events.Add(Encoding.UTF8.GetString(data));
                }
            }
        }

        return events;
    }
}
