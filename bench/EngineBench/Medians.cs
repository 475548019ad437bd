namespace Octavo.EngineBench;

internal static class Medians
{
    /// <summary>The upper one of an even number.</summary>
    public static double Of<T>(IReadOnlyList<T> runs, Func<T, double> value) => runs.Select(value).Order().ElementAt(runs.Count / 2);
}
