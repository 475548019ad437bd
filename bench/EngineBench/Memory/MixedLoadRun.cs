namespace Octavo.EngineBench.Memory;

/// <summary>One pass over the mixed load.</summary>
internal sealed record MixedLoadRun(int OutputTokens, double Seconds, double CpuSeconds, long Preemptions, long RecomputedTokens)
{
    public double TokensPerSecond => OutputTokens / Seconds;
}
