using System.IO.Compression;
using System.Text;
using Octavo.LoadGenerator.Configuration;
using Octavo.LoadGenerator.Workload;

namespace Octavo.LoadGenerator.Tests.Workload;

public sealed class TraceDatasetTests
{
    private const string Mooncake = """
        {"timestamp": 3000, "input_length": 1000, "output_length": 5, "hash_ids": [0, 1]}
        {"timestamp": 3000, "input_length": 700, "output_length": 9, "hash_ids": [0, 2]}
        {"timestamp": 6000, "input_length": 10, "output_length": 0, "hash_ids": [3]}

        {"timestamp": 9000, "input_length": 30, "output_length": 2, "hash_ids": [4]}
        """;

    [Fact]
    public void Read_Mooncake_HasSecondsLengthsAndBlocks()
    {
        var rows = TraceReader.Read(new StringReader(Mooncake));

        rows.Select(r => (r.Seconds, r.InputTokens, r.OutputTokens)).Should().Equal((0, 1000, 5), (0, 700, 9), (6, 30, 2));
        rows[1].BlockIds.Should().Equal(0, 2);
    }

    [Theory]
    [InlineData("t_s,input_tokens,output_tokens\n0.5,374,44\n4.5,396,109\n")]
    [InlineData("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.5,374,44\n2023-11-16 18:15:50.5,396,109\n")]
    [InlineData("Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,374,44,418,x\n9,GPT-4,396,109,505,x\n10,GPT-4,1,0,1,x\n")]
    public void Read_Csv_IsFoundByItsHeader(string csv) =>
        TraceReader.Read(new StringReader(csv)).Should().BeEquivalentTo([new TraceRow(0, 374, 44), new TraceRow(4, 396, 109)], o => o.Using<double>(c => c.Subject.Should().BeApproximately(c.Expectation, 1e-3)).WhenTypeIs<double>());

    [Theory]
    [InlineData("a,b\n1,2\n", "*no column t_s*")]
    [InlineData("t_s,input_tokens,output_tokens\n1,x,3\n", "line 2*")]
    [InlineData("{\"timestamp\": 1}\n", "line 1*")]
    [InlineData("", "*no request*")]
    public void Read_OtherFile_SaysWhatIsWrong(string text, string message) =>
        FluentActions.Invoking(() => TraceReader.Read(new StringReader(text))).Should().Throw<InvalidDataException>().WithMessage(message);

    [Fact]
    public void Read_GzipFile_IsUnpacked()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".gz");
        try
        {
            using (var file = new GZipStream(File.Create(path), CompressionLevel.Fastest))
            {
                file.Write(Encoding.UTF8.GetBytes(Mooncake));
            }

            TraceReader.Read(path).Should().HaveCount(3);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Next_Trace_KeepsArrivalsLengthsAndSharedBlocks()
    {
        var dataset = Dataset(new ServeOptions { VocabSize = 1000, TimeScale = 2, LengthScale = 0.5 });
        var sessions = Enumerable.Range(0, 3).Select(_ => dataset.Next()).ToArray();
        var prompts = sessions.Select(s => s.Turns.Single().Prompt.TokenIds!).ToArray();

        dataset.Count.Should().Be(3);
        sessions.Select(s => s.Arrival!.Value.TotalSeconds).Should().Equal(0, 0, 3);
        prompts.Select(p => p.Length).Should().Equal(500, 350, 15);
        sessions.Select(s => s.Turns.Single().MaxTokens).Should().Equal(2, 4, 1);
        prompts[0].AsSpan().CommonPrefixLength(prompts[1]).Should().BeInRange(256, 258, "block 0 has 512 tokens, halved, and the next ones differ but by chance");
        Dataset(new ServeOptions { IgnoreTraceTimes = true }).Next().Arrival.Should().BeNull();
        Dataset(new ServeOptions { MaxInputLen = 8, MaxOutputLen = 3 }).Next().Turns.Single().Prompt.Text.Split(' ').Should().HaveCount(8);
    }

    [Fact]
    public async Task Load_ShareGpt_TakesTheFirstQuestionAndTheAnswersLength()
    {
        const string Json = """
            [{"id":"a","conversations":[{"from":"human","value":"one two three four five"},{"from":"gpt","value":"a b c d e f"}]},
             {"id":"short","conversations":[{"from":"human","value":"hi"},{"from":"gpt","value":"a b c d e f"}]},
             {"id":"lonely","conversations":[{"from":"human","value":"one two three four five"}]}]
            """;
        var dataset = await ShareGptDataset.LoadAsync(Utf8(Json), new TokenScale(1, 0), null, 100, 100, new Random(1), CancellationToken.None);

        dataset.Count.Should().Be(1);
        dataset.Next().Turns.Single().Should().Be(new BenchTurn(new PromptPiece("one two three four five", null), 6));
        await FluentActions.Awaiting(() => ShareGptDataset.LoadAsync(Utf8("[]"), new TokenScale(1, 0), null, 100, 100, new Random(1), CancellationToken.None)).Should().ThrowAsync<InvalidDataException>();
    }

    private static MemoryStream Utf8(string text) => new(Encoding.UTF8.GetBytes(text));

    private static TraceDataset Dataset(ServeOptions options) =>
        new(new PromptSource(new TokenScale(1, 0), options.VocabSize), TraceReader.Read(new StringReader(Mooncake)), options, new Random(5));
}
