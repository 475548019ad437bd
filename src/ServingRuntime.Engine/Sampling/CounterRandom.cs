namespace Octavo.ServingRuntime.Engine.Sampling;

/// <summary>
/// A random number for each (seed, position), without state: a request draws the same numbers whatever batch it is in and however often it is
/// recomputed. SplitMix64's finaliser (Steele, Lea, Flood 2014) over both.
/// </summary>
public static class CounterRandom
{
    /// <summary>Uniform in [0, 1), 53 bits.</summary>
    public static double Uniform(ulong seed, long position) => (Bits(seed, position) >> 11) * (1.0 / (1UL << 53));

    public static ulong Bits(ulong seed, long position) => Mix(Mix(seed + 0x9E3779B97F4A7C15) + ((ulong)position * 0x9E3779B97F4A7C15));

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
