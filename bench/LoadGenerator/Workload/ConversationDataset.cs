namespace Octavo.LoadGenerator.Workload;

/// <summary>Conversations of several turns that begin with one of a few system messages; each turn repeats all before it, so the prefix grows with the conversation.</summary>
internal sealed class ConversationDataset : IDataset
{
    private readonly PromptSource source;
    private readonly LengthDistribution input;
    private readonly LengthDistribution output;
    private readonly LengthDistribution turns;
    private readonly Random random;
    private readonly string[] systems;

    /// <param name="prefixLen">Tokens of a system message; 0: none.</param>
    public ConversationDataset(
        PromptSource source, LengthDistribution input, LengthDistribution output, LengthDistribution turns, int prefixLen, int numPrefixes, Random random)
    {
        this.source = source;
        this.input = input;
        this.output = output;
        this.turns = turns;
        this.random = random;
        systems = prefixLen > 0 ? [.. Enumerable.Range(0, numPrefixes).Select(_ => source.Draw(prefixLen, random).Text)] : [];
    }

    public int? Count => null;

    public BenchSession Next()
    {
        var system = systems.Length > 0 ? systems[random.Next(systems.Length)] : null;
        return new BenchSession(system, [.. Enumerable.Range(0, turns.Draw(random)).Select(_ => new BenchTurn(source.Draw(input.Draw(random), random), output.Draw(random)))]);
    }
}
