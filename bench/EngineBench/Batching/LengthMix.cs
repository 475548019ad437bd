namespace Octavo.EngineBench.Batching;

/// <summary>A distribution of output lengths.</summary>
/// <param name="Sigma">Deviation of the logarithm of a lognormal distribution; null: exponential.</param>
/// <param name="Max">Lengths are cut here.</param>
internal sealed record LengthMix(string Name, double Mean, double? Sigma, int Max)
{
    public int Draw(Random random)
    {
        // 1 - u is never 0, whose logarithm would be infinite.
        var length = Sigma is { } sigma
            ? Mean * Math.Exp((sigma * Normal(random)) - (sigma * sigma / 2))
            : -Math.Log(1 - random.NextDouble()) * Mean;
        return (int)Math.Clamp(Math.Round(length), 1, Max);
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
