using System.IO.Compression;
using System.Text;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Core;

public sealed class IncrementalDetokenizerTests
{
    private static readonly string Fixtures = Path.Combine(Repository.Root, "tests", "ServingRuntime.Engine.Tests", "Fixtures", "tokenizers");

    private const string Decoders =
        """
        {"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}
        {"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}]}
        {"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true}
        {"type":"ByteFallback"}
        {"type":"Fuse"}
        {"type":"ByteLevel"}
        {"type":"WordPiece","prefix":"##","cleanup":true}
        {"type":"BPEDecoder","suffix":"</w>"}
        {"type":"CTC","pad_token":"a","word_delimiter_token":"b","cleanup":true}
        {"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Replace","pattern":{"String":"ab"},"content":"x"}]}
        null
        """;

    public static TheoryData<string> EachDecoder() => [.. Decoders.Split('\n')];

    [Theory]
    [MemberData(nameof(EachDecoder))]
    public void Append_AnyTokens_JoinedIsTheTextOfTheWhole(string decoder)
    {
        var tokens = new List<string> { "<unk>", "a", "b", "ab", "▁", "▁a", "▁▁", "##b", "b</w>", " .", " do not", "Ġ", "Ã", "©", "\uFFFD", "👍" };
        tokens.AddRange(Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>"));
        var vocabulary = string.Join(',', tokens.Select((token, id) => $"\"{token}\":{id}"));
        var json = "{\"decoder\":" + decoder + ",\"model\":{\"type\":\"BPE\",\"vocab\":{" + vocabulary + "},\"merges\":[]}}";
        var tokenizer = Tokenizer.Load(new MemoryStream(Encoding.UTF8.GetBytes(json)));
        var random = new Random(5);
        for (var round = 0; round < 300; round++)
        {
            // Bytes of real characters, cut now and then.
            var ids = new List<int>();
            for (var n = random.Next(1, 12); n > 0; n--)
            {
                if (random.Next(2) == 0)
                {
                    ids.Add(random.Next(tokens.Count + 1));
                }
                else
                {
                    var bytes = Encoding.UTF8.GetBytes(((string[])["é", "你", "👩‍🚀", "\u0301"])[random.Next(4)]);
                    ids.AddRange(bytes.Take(random.Next(4) == 0 ? random.Next(bytes.Length) : bytes.Length).Select(value => 16 + value));
                }
            }

            Check(tokenizer, ids);
        }
    }

    [Theory]
    [InlineData("deepseek-style")]
    [InlineData("glm4-style")]
    [InlineData("o200k-style")]
    [InlineData("bert-style")]
    [InlineData("t5-style")]
    public void Append_RandomTokensOfATokenizer_JoinedIsTheTextOfTheWhole(string name)
    {
        using var file = new GZipStream(File.OpenRead(Path.Combine(Fixtures, name + ".tokenizer.json.gz")), CompressionMode.Decompress);
        var tokenizer = Tokenizer.Load(file);
        var random = new Random(6);
        for (var round = 0; round < 200; round++)
        {
            Check(tokenizer, [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => random.Next(tokenizer.VocabSize))]);
        }
    }

    [Fact]
    public void Append_ByteTokens_AreHeldUntilTheirRunEnds()
    {
        var tokenizer = Tokenizer.Load(Path.Combine(Fixtures, "unigram-bytes.json"));
        var ids = Encoding.UTF8.GetBytes("京").Select(value => tokenizer.TokenToId($"<0x{value:X2}>")!.Value).Append(tokenizer.TokenToId("▁over")!.Value).ToList();
        var detokenizer = new IncrementalDetokenizer(tokenizer, [ids[^1]], skipSpecialTokens: false);
        ids.ConvertAll(detokenizer.Append).Should().Equal("", "", "", "京 over");
    }

    private static void Check(Tokenizer tokenizer, List<int> ids)
    {
        var whole = tokenizer.Decode(ids, skipSpecialTokens: false);
        var detokenizer = new IncrementalDetokenizer(tokenizer, [], skipSpecialTokens: false);
        var text = new StringBuilder();
        foreach (var id in ids)
        {
            text.Append(detokenizer.Append(id));
            whole.Should().StartWith(text.ToString());
        }

        text.Append(detokenizer.Flush()).ToString().Should().Be(whole);
    }
}
