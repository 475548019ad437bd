using Octavo.LoadGenerator.Configuration;
using Octavo.LoadGenerator.Workload;

namespace Octavo.LoadGenerator.Tests.Workload;

public sealed class PromptFactoryTests
{
    [Fact]
    public void Next_Random_HasTheLengthInTokens()
    {
        var prompt = Factory(new ServeOptions { RandomInputLen = 120, RandomOutputLen = 7 }, tokensPerWord: 1.5).Next();

        prompt.Text.Split(' ').Should().HaveCount(80);
        prompt.MaxTokens.Should().Be(7);
    }

    [Fact]
    public void Next_RandomWithSpread_StaysWithinIt()
    {
        var factory = Factory(new ServeOptions { RandomInputLen = 100, RandomOutputLen = 10, RandomRangeRatio = 0.5 });
        var prompts = Enumerable.Range(0, 200).Select(_ => factory.Next()).ToArray();

        prompts.Select(p => p.Text.Split(' ').Length).Should().OnlyContain(n => n >= 50 && n <= 150);
        prompts.Select(p => p.MaxTokens).Distinct().Should().BeEquivalentTo(Enumerable.Range(5, 11));
    }

    [Fact]
    public void Next_PrefixRepetition_SharesFewPrefixesAndDiffersAfterThem()
    {
        var factory = Factory(new ServeOptions { Dataset = DatasetKind.PrefixRepetition, PrefixLen = 20, SuffixLen = 5, NumPrefixes = 3, PrefixOutputLen = 9 });
        var prompts = Enumerable.Range(0, 60).Select(_ => factory.Next()).ToArray();

        prompts.Select(p => string.Join(' ', p.Text.Split(' ').Take(20))).Distinct().Should().HaveCount(3);
        prompts.Select(p => p.Text).Should().OnlyHaveUniqueItems();
        prompts.Should().OnlyContain(p => p.MaxTokens == 9 && p.Text.Split(' ', StringSplitOptions.None).Length == 25);
    }

    [Fact]
    public void Next_SameSeed_IsTheSame() =>
        Factory(new ServeOptions()).Next().Should().Be(Factory(new ServeOptions()).Next());

    [Fact]
    public void FromTwo_Probes_SeparatesWordsFromTheTemplate()
    {
        var scale = TokenScale.FromTwo((8, 27), (40, 75));

        scale.Should().Be(new TokenScale(1.5, 15));
        scale.WordsFor(150).Should().Be(100);
        scale.WordsFor(0).Should().Be(1);
    }

    [Fact]
    public void FromTwo_ServerWithoutUsage_CountsWords() => TokenScale.FromTwo((8, 0), (40, 0)).WordsFor(64).Should().Be(64);

    private static PromptFactory Factory(ServeOptions options, double tokensPerWord = 1) => new(options, new TokenScale(tokensPerWord, 0), new Random(5));
}
