namespace Octavo.LoadGenerator.Workload;

/// <summary>Random prompts, behind one of a few shared prefixes where there are any, as chats with the same system prompt are.</summary>
internal sealed class RandomDataset : IDataset
{
    private readonly PromptSource source;
    private readonly Random random;
    private readonly LengthDistribution input;
    private readonly LengthDistribution output;
    private readonly PromptPiece[] prefixes;

    /// <param name="prefixLen">Tokens of a prefix; 0: none.</param>
    public RandomDataset(PromptSource source, LengthDistribution input, LengthDistribution output, int prefixLen, int numPrefixes, Random random)
    {
        this.source = source;
        this.random = random;
        this.input = input;
        this.output = output;
        prefixes = prefixLen > 0 ? [.. Enumerable.Range(0, numPrefixes).Select(_ => source.Draw(prefixLen, random))] : [];
    }

    public int? Count => null;

    public BenchSession Next()
    {
        var prefix = prefixes.Length > 0 ? prefixes[random.Next(prefixes.Length)] : default(PromptPiece?);
        var prompt = source.Draw(input.Draw(random), random);
        return BenchSession.Single(prefix is { } first ? first.Then(prompt) : prompt, output.Draw(random));
    }
}
