using System.Text.Json;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Tokenization.Models;

/// <summary>Two small Unigram tokenizers; the first one's expected ids come from Hugging Face's own package (@huggingface/tokenizers 0.2.0).</summary>
public sealed class UnigramModelTests
{
    private static readonly string Fixtures = Path.Combine(Repository.Root, "tests", "ServingRuntime.Engine.Tests", "Fixtures", "tokenizers");

    [Fact]
    public void Encode_Cases_EqualHuggingFace()
    {
        var tokenizer = Tokenizer.Load(Path.Combine(Fixtures, "unigram-unk.json"));
        using var cases = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Fixtures, "unigram-unk.cases.json")));
        foreach (var example in cases.RootElement.EnumerateArray())
        {
            var text = example.GetProperty("text").GetString()!;
            tokenizer.Encode(text, addSpecialTokens: false).Should().Equal(example.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()), text);
        }
    }

    [Fact]
    public void Encode_ByteFallback_UnknownRunBecomesItsBytes()
    {
        var tokenizer = Tokenizer.Load(Path.Combine(Fixtures, "unigram-bytes.json"));
        tokenizer.Encode("zzz", addSpecialTokens: false).Select(tokenizer.IdToToken).Should().Equal("▁", "<0x7A>", "<0x7A>", "<0x7A>");
    }

    [Fact]
    public void TokenBytes_WordWithItsSpace_KeepsTheSpace()
    {
        var tokenizer = Tokenizer.Load(Path.Combine(Fixtures, "unigram-bytes.json"));
        tokenizer.TokenBytes(tokenizer.TokenToId("▁over")!.Value).Should().Equal(" over"u8.ToArray());
        tokenizer.TokenBytes(tokenizer.TokenToId("<0xE4>")!.Value).Should().Equal(0xE4);
    }

    [Fact]
    public void Decode_ByteFallback_GivesTheTextBack()
    {
        var tokenizer = Tokenizer.Load(Path.Combine(Fixtures, "unigram-bytes.json"));
        const string text = "the crazy zebra 京都 👩‍🚀";
        tokenizer.Decode(tokenizer.Encode(text, addSpecialTokens: true), skipSpecialTokens: true).Should().Be(text);
    }
}
