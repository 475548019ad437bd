using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Json;

/// <summary>
/// The decimal numbers of an interval, 0 or greater, digit by digit: as long as the digits are those of a bound, the bound's next digit limits the next one; after
/// the first that differs anything may follow. Linear in the digits of the bounds.
/// </summary>
/// <param name="low">The least.</param>
/// <param name="high">The greatest.</param>
/// <param name="maxFraction">Digits behind the point at most; 0: integers.</param>
internal sealed class DecimalRange((DecimalNumber Value, bool Exclusive) low, (DecimalNumber Value, bool Exclusive) high, int maxFraction)
{
    private readonly string lowWhole = low.Value.WholeDigits;
    private readonly string lowFraction = low.Value.FractionDigits;
    private readonly string highWhole = high.Value.WholeDigits;
    private readonly string highFraction = high.Value.FractionDigits;

    private GrammarNode FreeFraction => maxFraction == 0
        ? GrammarNode.Empty
        : GrammarNode.Optional(GrammarNode.Row(GrammarNode.Text("."), Digits(1, maxFraction)));

    public GrammarNode Build()
    {
        if (low.Value.CompareTo(high.Value) is var order && (order > 0 || (order == 0 && (low.Exclusive || high.Exclusive))))
        {
            return GrammarNode.Never;
        }

        if (lowWhole.Length == highWhole.Length)
        {
            return Whole(0, lowWhole.Length, true, true);
        }

        var options = new List<GrammarNode> { Whole(0, lowWhole.Length, true, false), Whole(0, highWhole.Length, false, true) };
        if (highWhole.Length - lowWhole.Length >= 2)
        {
            options.Add(GrammarNode.Row(GrammarNode.Set(('1', '9')), Digits(lowWhole.Length, highWhole.Length - 2), FreeFraction));
        }

        return GrammarNode.Any(options);
    }

    private static GrammarNode Digits(int min, int max) => new GrammarNode.Repeat(GrammarNode.Set(('0', '9')), min, max);

    private GrammarNode Whole(int at, int length, bool lowTight, bool highTight)
    {
        if (at == length)
        {
            return Stopping(0, lowTight, highTight);
        }

        if (!lowTight && !highTight && at > 0)
        {
            return GrammarNode.Row(Digits(length - at, length - at), FreeFraction);
        }

        var first = lowTight ? lowWhole[at] : at == 0 && length > 1 ? '1' : '0';
        var last = highTight ? highWhole[at] : '9';
        return Digit(first, last, lowTight, highTight, (l, h) => Whole(at + 1, length, l, h));
    }

    /// <summary>After so many digits of the fraction: the number may end here, or another digit follows.</summary>
    private GrammarNode Stopping(int digits, bool lowTight, bool highTight)
    {
        if (!lowTight && !highTight)
        {
            return digits == 0 ? FreeFraction : Digits(0, maxFraction - digits);
        }

        var options = new List<GrammarNode>();
        // The bounds' fractions end in no zero: what is left of one is greater than nothing.
        var aboveLow = !lowTight || (digits >= lowFraction.Length && !low.Exclusive);
        var belowHigh = !highTight || digits < highFraction.Length || !high.Exclusive;
        if (aboveLow && belowHigh)
        {
            options.Add(GrammarNode.Empty);
        }

        if (digits < maxFraction)
        {
            var first = lowTight && digits < lowFraction.Length ? lowFraction[digits] : '0';
            var last = !highTight ? '9' : digits < highFraction.Length ? highFraction[digits] : '0';
            var more = Digit(first, last, lowTight, highTight, (l, h) => Stopping(digits + 1, l, h));
            options.Add(digits == 0 ? GrammarNode.Row(GrammarNode.Text("."), more) : more);
        }

        return GrammarNode.Any(options);
    }

    private static GrammarNode Digit(char first, char last, bool lowTight, bool highTight, Func<bool, bool, GrammarNode> next)
    {
        if (first > last)
        {
            return GrammarNode.Never;
        }

        if (lowTight && highTight && first == last)
        {
            return GrammarNode.Row(GrammarNode.Set((first, first)), next(true, true));
        }

        var options = new List<GrammarNode>();
        if (lowTight)
        {
            options.Add(GrammarNode.Row(GrammarNode.Set((first, first)), next(true, false)));
            first++;
        }

        if (highTight)
        {
            options.Add(GrammarNode.Row(GrammarNode.Set((last, last)), next(false, true)));
            last--;
        }

        if (first <= last)
        {
            options.Add(GrammarNode.Row(GrammarNode.Set((first, last)), next(false, false)));
        }

        return GrammarNode.Any(options);
    }
}
