using System.Text;

namespace Octavo.ServingRuntime.OpenAI.ToolCalls;

/// <summary>JSON's numbers and its three words.</summary>
internal static class AtomSyntax
{
    private static readonly string[] Words = ["true", "false", "null"];

    /// <summary>Whether some number or word begins so.</summary>
    public static bool MayBegin(StringBuilder text)
    {
        var atom = text.ToString();
        return Words.Any(word => word.StartsWith(atom, StringComparison.Ordinal)) || Read(atom) is not State.Wrong;
    }

    public static bool IsWhole(StringBuilder text)
    {
        var atom = text.ToString();
        return Words.Contains(atom, StringComparer.Ordinal) || Read(atom) is State.Zero or State.Digits or State.Fraction or State.Exponent;
    }

    private static State Read(string atom)
    {
        var state = State.Start;
        foreach (var c in atom)
        {
            state = (state, c) switch
            {
                (State.Start, '-') => State.Minus,
                (State.Start or State.Minus, '0') => State.Zero,
                (State.Start or State.Minus, >= '1' and <= '9') => State.Digits,
                (State.Digits, >= '0' and <= '9') => State.Digits,
                (State.Zero or State.Digits, '.') => State.Point,
                (State.Point or State.Fraction, >= '0' and <= '9') => State.Fraction,
                (State.Zero or State.Digits or State.Fraction, 'e' or 'E') => State.E,
                (State.E, '+' or '-') => State.Sign,
                (State.E or State.Sign or State.Exponent, >= '0' and <= '9') => State.Exponent,
                _ => State.Wrong,
            };
        }

        return state;
    }

    private enum State
    {
        Start,
        Minus,
        Zero,
        Digits,
        Point,
        Fraction,
        E,
        Sign,
        Exponent,
        Wrong,
    }
}
