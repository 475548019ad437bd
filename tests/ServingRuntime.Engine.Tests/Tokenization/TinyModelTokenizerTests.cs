using System.Text.Json;
using Octavo.ServingRuntime.Engine.Core;
using Octavo.ServingRuntime.Engine.Tokenization;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Engine.Tests.Tokenization;

public sealed class TinyModelTokenizerTests
{
    private static readonly Tokenizer Tokenizer = Tokenizer.Load(Path.Combine(Repository.TinyModel, "tokenizer.json"));

    public static TheoryData<string, int[], int[], string> Cases()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.TinyModel, "golden.json")));
        var data = new TheoryData<string, int[], int[], string>();
        foreach (var item in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            data.Add(item.GetProperty("rendered").GetString()!, Ids(item, "input_ids"), Ids(item, "greedy_ids"), item.GetProperty("answer").GetString()!);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Encode_RenderedPrompt_EqualsGoldenIds(string rendered, int[] inputIds, int[] greedyIds, string answer)
    {
        Tokenizer.Encode(rendered, addSpecialTokens: false).Should().Equal(inputIds);
        var answerIds = greedyIds.TakeWhile(id => id != 2).ToList();
        Tokenizer.Decode(answerIds, skipSpecialTokens: true).Trim().Should().Be(answer);

        var detokenizer = new IncrementalDetokenizer(Tokenizer, inputIds, skipSpecialTokens: true);
        string.Concat(answerIds.Select(detokenizer.Append).Append(detokenizer.Flush())).Trim().Should().Be(answer);
    }

    [Fact]
    public void Append_TokensInsideACharacter_HoldsTheTextBack()
    {
        var ids = Tokenizer.Encode("a👩b", addSpecialTokens: false);
        var detokenizer = new IncrementalDetokenizer(Tokenizer, [], skipSpecialTokens: true);

        var pieces = ids.ConvertAll(detokenizer.Append);

        pieces.Should().Equal("a", "", "", "", "👩", "b");
    }

    [Fact]
    public void Flush_UnfinishedCharacter_GivesReplacement()
    {
        var ids = Tokenizer.Encode("👩", addSpecialTokens: false);
        var detokenizer = new IncrementalDetokenizer(Tokenizer, [], skipSpecialTokens: true);
        detokenizer.Append(ids[0]).Should().BeEmpty();
        detokenizer.Append(ids[1]).Should().BeEmpty();

        detokenizer.Flush().Should().Be("\uFFFD");
        detokenizer.Flush().Should().BeEmpty();
    }

    [Fact]
    public void Append_PromptEndsInsideACharacter_DoesNotRepeatThePrompt()
    {
        var ids = Tokenizer.Encode("Hello 👩 there", addSpecialTokens: false);
        var cut = ids.Count - 3;
        var detokenizer = new IncrementalDetokenizer(Tokenizer, ids.Take(cut).ToList(), skipSpecialTokens: true);

        var text = string.Concat(ids.Skip(cut).Select(detokenizer.Append).Append(detokenizer.Flush()));

        text.Should().EndWith(" there").And.NotContain("Hello");
    }

    [Fact]
    public void Encode_AMillionEqualCharacters_TakesNoQuadraticTime()
    {
        // A quadratic merge needs hours for this; the test only has to end.
        Tokenizer.Encode(new string('a', 1_000_000), addSpecialTokens: false).Should().HaveCountGreaterThan(1000);
        Tokenizer.Encode(new string(' ', 300_000) + "x", addSpecialTokens: false).Should().NotBeEmpty();
    }

    private static int[] Ids(JsonElement item, string name) => [.. item.GetProperty(name).EnumerateArray().Select(i => i.GetInt32())];
}
