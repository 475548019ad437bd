using System.Globalization;

namespace Octavo.LoadGenerator.Workload;

/// <summary>
/// Lengths in tokens, as a flag writes them: <c>128</c> (fixed), <c>64..256</c> (uniform), <c>exp:128</c> (exponential of that mean),
/// <c>lognormal:128:1</c> (of that mean; the second number is the standard deviation of the logarithm). The last two may end with <c>:max</c>, at which lengths are cut.
/// </summary>
internal sealed record LengthDistribution
{
    private enum Shape
    {
        Uniform,
        Exponential,
        Lognormal,
    }

    private Shape Kind { get; init; }

    private double First { get; init; }

    private double Second { get; init; }

    private int Max { get; init; } = int.MaxValue;

    public static LengthDistribution Fixed(int length) => Uniform(length, length);

    public static LengthDistribution Uniform(int least, int most) => new() { Kind = Shape.Uniform, First = least, Second = most };

    /// <summary>Null where the text is none of the forms.</summary>
    public static LengthDistribution? Parse(string text)
    {
        if (text.Split("..") is [var least, var most])
        {
            return Number(least, out var low) && Number(most, out var high) && low >= 1 && high >= low ? Uniform((int)low, (int)high) : null;
        }

        var max = int.MaxValue;
        switch (text.Split(':'))
        {
            case [var length]:
                return Number(length, out var value) && value >= 1 ? Fixed((int)value) : null;
            case ["exp", var mean, .. var rest] when Number(mean, out var m) && m > 0 && Cut(rest):
                return new() { Kind = Shape.Exponential, First = m, Max = max };
            case ["lognormal", var mean, var sigma, .. var rest] when Number(mean, out var m) && Number(sigma, out var s) && m > 0 && s >= 0 && Cut(rest):
                return new() { Kind = Shape.Lognormal, First = m, Second = s, Max = max };
            default:
                return null;
        }

        bool Cut(string[] rest) => rest is [] || (rest is [var cut] && int.TryParse(cut, NumberStyles.None, CultureInfo.InvariantCulture, out max) && max > 0);
    }

    /// <summary>A fixed or uniform length widened to (1 - ratio) .. (1 + ratio) of itself, as vLLM's <c>--random-range-ratio</c>; others stay.</summary>
    public LengthDistribution Widened(double ratio) => Kind == Shape.Uniform && ratio > 0
        ? this with { First = Math.Max(1, Math.Floor(First * (1 - ratio))), Second = Math.Ceiling(Second * (1 + ratio)) }
        : this;

    public int Draw(Random random)
    {
        // 1 - u is never 0, whose logarithm would be infinite.
        var length = Kind switch
        {
            Shape.Uniform => random.Next((int)First, (int)Second + 1),
            Shape.Exponential => -Math.Log(1 - random.NextDouble()) * First,
            _ => First * Math.Exp((Second * Variates.Normal(random)) - (Second * Second / 2)),
        };
        return (int)Math.Clamp(Math.Round(length), 1, Max);
    }

    public override string ToString()
    {
        var cut = Max < int.MaxValue ? ":" + Text(Max) : "";
        return Kind switch
        {
            Shape.Uniform when First == Second => Text(First),
            Shape.Uniform => Text(First) + ".." + Text(Second),
            Shape.Exponential => "exp:" + Text(First) + cut,
            _ => "lognormal:" + Text(First) + ":" + Text(Second) + cut,
        };
    }

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    private static bool Number(string text, out double value) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value) && value <= 100_000_000;
}
