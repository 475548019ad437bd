namespace Octavo.ServingRuntime.OpenAI.ToolCalls;

/// <summary>The characters of a JSON string that comes character by character, after its opening quote.</summary>
internal sealed class StringUnescaper
{
    private bool escaped;
    private int hexDigits = -1;
    private int unit;

    internal enum Outcome
    {
        /// <summary>Inside an escape.</summary>
        Pending,
        Character,

        /// <summary>The closing quote.</summary>
        End,
        Invalid,
    }

    public Outcome Feed(char c, out char plain)
    {
        plain = c;
        if (hexDigits >= 0)
        {
            if (!char.IsAsciiHexDigit(c))
            {
                return Outcome.Invalid;
            }

            unit = (unit * 16) + Convert.ToInt32(c.ToString(), 16);
            if (++hexDigits < 4)
            {
                return Outcome.Pending;
            }

            (hexDigits, plain) = (-1, (char)unit);
            return Outcome.Character;
        }

        if (!escaped)
        {
            escaped = c == '\\';
            return escaped ? Outcome.Pending : c == '"' ? Outcome.End : Outcome.Character;
        }

        escaped = false;
        switch (c)
        {
            case 'u':
                (hexDigits, unit) = (0, 0);
                return Outcome.Pending;
            case '"' or '\\' or '/':
                return Outcome.Character;
            case 'b' or 'f' or 'n' or 'r' or 't':
                plain = c switch { 'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', _ => '\t' };
                return Outcome.Character;
            default:
                return Outcome.Invalid;
        }
    }
}
