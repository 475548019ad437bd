using Octavo.LoadGenerator.Workload;

namespace Octavo.LoadGenerator.Tests.Workload;

public sealed class RandomDatasetTests
{
    [Fact]
    public void Next_Words_HaveTheLengthInTokens()
    {
        var turn = Dataset("120", "7", tokensPerWord: 1.5).Next().Turns.Single();

        turn.Prompt.Text.Split(' ').Should().HaveCount(80);
        turn.MaxTokens.Should().Be(7);
    }

    [Fact]
    public void Next_WithSpread_StaysWithinIt()
    {
        var dataset = Dataset("50..150", "5..15");
        var turns = Enumerable.Range(0, 200).Select(_ => dataset.Next().Turns.Single()).ToArray();

        turns.Select(t => t.Prompt.Text.Split(' ').Length).Should().OnlyContain(n => n >= 50 && n <= 150);
        turns.Select(t => t.MaxTokens).Distinct().Should().BeEquivalentTo(Enumerable.Range(5, 11));
    }

    [Fact]
    public void Next_Prefixes_AreSharedByFewAndFollowedByDifferentText()
    {
        var dataset = Dataset("5", "9", prefixLen: 20, numPrefixes: 3);
        var prompts = Enumerable.Range(0, 60).Select(_ => dataset.Next().Turns.Single().Prompt.Text).ToArray();

        prompts.Select(p => string.Join(' ', p.Split(' ').Take(20))).Distinct().Should().HaveCount(3);
        prompts.Should().OnlyHaveUniqueItems();
        prompts.Should().OnlyContain(p => p.Split(' ', StringSplitOptions.None).Length == 25);
    }

    [Fact]
    public void Next_TokenIds_HaveTheExactLengthAndShareThePrefix()
    {
        var dataset = Dataset("5", "9", prefixLen: 20, vocabSize: 100);
        var prompts = Enumerable.Range(0, 10).Select(_ => dataset.Next().Turns.Single().Prompt.TokenIds!).ToArray();

        prompts.Should().OnlyContain(p => p.Length == 25 && p.All(id => id >= 3 && id < 100));
        prompts.Select(p => string.Join(' ', p.Take(20))).Distinct().Should().ContainSingle();
    }

    [Fact]
    public void Next_SameSeed_IsTheSame() => Dataset("9", "9").Next().Turns.Should().Equal(Dataset("9", "9").Next().Turns);

    [Fact]
    public void Next_Conversation_HasTurnsBehindASystemMessage()
    {
        var source = new PromptSource(new TokenScale(1, 0), null);
        var dataset = new ConversationDataset(source, LengthDistribution.Fixed(6), LengthDistribution.Fixed(2), LengthDistribution.Fixed(3), prefixLen: 10, numPrefixes: 1, new Random(5));
        var (one, two) = (dataset.Next(), dataset.Next());

        one.Turns.Should().HaveCount(3).And.OnlyContain(t => t.Prompt.Text.Split(' ', StringSplitOptions.None).Length == 6 && t.MaxTokens == 2);
        one.System!.Split(' ').Should().HaveCount(10);
        two.System.Should().Be(one.System);
    }

    [Fact]
    public void FromTwo_Probes_SeparatesWordsFromTheTemplate()
    {
        var scale = TokenScale.FromTwo((8, 27), (40, 75));

        scale.Should().Be(new TokenScale(1.5, 15));
        scale.WordsFor(150).Should().Be(100);
        scale.TokensFor(100).Should().Be(150);
        scale.WordsFor(0).Should().Be(1);
    }

    [Fact]
    public void FromTwo_ServerWithoutUsage_CountsWords() => TokenScale.FromTwo((8, 0), (40, 0)).WordsFor(64).Should().Be(64);

    private static RandomDataset Dataset(string input, string output, double tokensPerWord = 1, int prefixLen = 0, int numPrefixes = 1, int? vocabSize = null) => new(
        new PromptSource(new TokenScale(tokensPerWord, 0), vocabSize), LengthDistribution.Parse(input)!, LengthDistribution.Parse(output)!, prefixLen, numPrefixes, new Random(5));
}
