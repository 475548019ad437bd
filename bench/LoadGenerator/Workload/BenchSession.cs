namespace Octavo.LoadGenerator.Workload;

/// <summary>What one user does: turns, each sent when the one before it is answered, with all that was said before.</summary>
/// <param name="System">The system message.</param>
/// <param name="Arrival">Since the start, where the dataset says when; null: the arrival schedule does.</param>
internal sealed record BenchSession(string? System, IReadOnlyList<BenchTurn> Turns, TimeSpan? Arrival = null)
{
    public static BenchSession Single(PromptPiece prompt, int maxTokens, TimeSpan? arrival = null) => new(null, [new BenchTurn(prompt, maxTokens)], arrival);
}
