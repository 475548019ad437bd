using System.Numerics;
using Octavo.ServingRuntime.Engine.StructuredOutput.Automaton;
using Octavo.ServingRuntime.Engine.StructuredOutput.Grammar;

namespace Octavo.ServingRuntime.Engine.StructuredOutput.Json;

/// <summary>Numbers within bounds, exactly. Bounded numbers are written without an exponent.</summary>
internal static class NumberGrammar
{
    private const int MaxModulus = 4096;

    public static GrammarNode Build(JsonGrammar json, NumberBounds bounds, bool fractions)
    {
        if (!bounds.Any)
        {
            return fractions ? json.Number : json.Integer;
        }

        var scale = bounds.Multiples.Count > 0 ? bounds.Multiples.Max(m => m.Value.Scale) : -1;
        var budget = json.Rules.Budget;
        if (!fractions || scale == 0)
        {
            var integers = Integers(bounds);
            // x is a multiple of M / 10^k where x * 10^k is one of M.
            return Restrict(integers, bounds.Multiples.Select(m =>
                (m.Value.Unscaled / BigInteger.GreatestCommonDivisor(m.Value.Unscaled, BigInteger.Pow(10, m.Value.Scale)), m.Where)), 0, budget);
        }

        var digits = scale > 0 ? scale : Math.Max(JsonGrammar.MaxDigits, Math.Max(bounds.Low?.Value.Scale ?? 0, bounds.High?.Value.Scale ?? 0) + 2);
        return Restrict(Decimals(bounds, digits), bounds.Multiples.Select(m => (m.Value.Unscaled * BigInteger.Pow(10, scale - m.Value.Scale), m.Where)), scale, budget);
    }

    private static GrammarNode Integers(NumberBounds bounds)
    {
        var low = bounds.Low is { } l ? (l.Exclusive ? l.Value.Floor() + 1 : l.Value.Ceiling()) : -Limit(bounds);
        var high = bounds.High is { } h ? (h.Exclusive ? h.Value.Ceiling() - 1 : h.Value.Floor()) : Limit(bounds);
        return Signed((DecimalNumber.Of(low), false), (DecimalNumber.Of(high), false), 0);
    }

    private static GrammarNode Decimals(NumberBounds bounds, int digits)
        => Signed(bounds.Low ?? (DecimalNumber.Of(-Limit(bounds)), false), bounds.High ?? (DecimalNumber.Of(Limit(bounds)), false), digits);

    /// <summary>Where there is no bound: as many digits as are allowed anyway, or as the other bound has.</summary>
    private static BigInteger Limit(NumberBounds bounds)
    {
        var digits = Math.Max(bounds.Low?.Value.WholeDigits.Length ?? 0, bounds.High?.Value.WholeDigits.Length ?? 0);
        return BigInteger.Pow(10, Math.Max(JsonGrammar.MaxDigits, digits)) - 1;
    }

    private static GrammarNode Signed((DecimalNumber Value, bool Exclusive) low, (DecimalNumber Value, bool Exclusive) high, int digits)
    {
        var zero = DecimalNumber.Of(0);
        var options = new List<GrammarNode>();
        if (high.Value.Sign >= 0)
        {
            options.Add(new DecimalRange(low.Value.Sign < 0 ? (zero, false) : low, high, digits).Build());
        }

        if (low.Value.Sign < 0)
        {
            // Without minus zero.
            var least = high.Value.Sign >= 0 ? (zero, true) : (-high.Value, high.Exclusive);
            options.Add(GrammarNode.Row(GrammarNode.Text("-"), new DecimalRange(least, (-low.Value, low.Exclusive), digits).Build()));
        }

        return GrammarNode.Any(options);
    }

    /// <summary>Those whose digits, the point left out, are multiples; with exactly <paramref name="scale"/> digits behind the point where that matters.</summary>
    private static GrammarNode Restrict(GrammarNode numbers, IEnumerable<(BigInteger Modulus, string Where)> moduli, int scale, CompileBudget budget)
    {
        Dfa? language = null;
        foreach (var (modulus, where) in moduli)
        {
            if (modulus.IsOne)
            {
                continue;
            }

            if (modulus > MaxModulus)
            {
                throw new GrammarException($"JSON schema: {where} is not supported beyond {MaxModulus} units of its last digit", GrammarFault.TooComplex);
            }

            if (language is null)
            {
                language = DfaAlgebra.ToDfa(numbers, budget);
                if (scale > 0)
                {
                    var digit = GrammarNode.Set(('0', '9'));
                    var padded = GrammarNode.Row(
                        GrammarNode.Optional(GrammarNode.Text("-")), GrammarNode.Star(digit), GrammarNode.Text("."), new GrammarNode.Repeat(digit, scale, scale));
                    language = DfaAlgebra.Intersect(language, DfaAlgebra.ToDfa(padded, budget), budget);
                }
            }

            language = DfaAlgebra.Intersect(language, MultiplesOf((int)modulus), budget);
        }

        return language is null ? numbers : new GrammarNode.Machine(language, JsonEscaped: false);
    }

    /// <summary>A state for each remainder.</summary>
    private static Dfa MultiplesOf(int modulus)
    {
        var states = new List<Dfa.State>();
        for (var remainder = 0; remainder < modulus; remainder++)
        {
            var state = new Dfa.State { Accepting = remainder == 0 };
            state.Bytes.Add(((byte)'-', (byte)'.', remainder));
            for (var digit = 0; digit < 10; digit++)
            {
                state.Bytes.Add(((byte)('0' + digit), (byte)('0' + digit), ((10 * remainder) + digit) % modulus));
            }

            states.Add(state);
        }

        return new Dfa(states, []);
    }
}
