namespace Octavo.EngineBench.Speculation;

/// <summary>One pass over a set of requests.</summary>
/// <param name="Tokens">The answers, request by request.</param>
/// <param name="Drafted">Drafts that were verified, and of them accepted.</param>
internal sealed record SpeculationRun(IReadOnlyList<int[]> Tokens, int Steps, double Seconds, double CpuSeconds, long Drafted, long Accepted)
{
    public int Count => Tokens.Sum(t => t.Length);

    public double TokensPerSecond => Count / Seconds;
}
