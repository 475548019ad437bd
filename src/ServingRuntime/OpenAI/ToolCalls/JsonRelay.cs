using System.Text;

namespace Octavo.ServingRuntime.OpenAI.ToolCalls;

/// <summary>What a character did to a value.</summary>
internal enum JsonProgress
{
    /// <summary>The value goes on.</summary>
    Open,

    /// <summary>The character was its last.</summary>
    Complete,

    /// <summary>The value had ended before the character, which is not part of it.</summary>
    CompleteBefore,

    /// <summary>The character cannot come here; it is not part of the value.</summary>
    Invalid,
}

/// <summary>
/// Passes one JSON value on while it comes, character by character, and only so far that quotes and brackets alone would complete it: a key without its
/// value, a number that may go on, half an escape are held. So whatever was passed on plus <see cref="Close"/> is valid JSON at every moment. Text is passed
/// as it was written, but for bare control characters in strings, which become escapes.
/// </summary>
internal sealed class JsonRelay
{
    private const int MaxDepth = 128;
    private const int MaxAtom = 256;

    private readonly StringBuilder text = new();
    private readonly Stack<char> closers = new();
    private readonly StringBuilder atom = new();
    private Expect expect = Expect.Value;
    private bool inKey;
    private bool closeWithQuote;
    private int safe;
    private int taken;
    private int hexDigits;
    private int unit;

    private enum Expect
    {
        Value,
        ValueOrEnd,
        KeyOrEnd,
        Key,
        Colon,
        CommaOrEnd,
        Text,
        Escape,
        Hex,
        Atom,
        Nothing,
    }

    public JsonProgress Feed(char c) => expect switch
    {
        Expect.Text => FeedText(c),
        Expect.Escape => FeedEscape(c),
        Expect.Hex => FeedHex(c),
        Expect.Atom => FeedAtom(c),
        Expect.Nothing => JsonProgress.Invalid,
        _ when c is ' ' or '\n' or '\r' or '\t' => Keep(c),
        Expect.Colon => c == ':' ? Next(c, Expect.Value) : JsonProgress.Invalid,
        Expect.CommaOrEnd => c == ',' ? Next(c, closers.Peek() == '}' ? Expect.Key : Expect.Value) : FeedEnd(c),
        Expect.KeyOrEnd => c == '"' ? BeginText(c, key: true) : FeedEnd(c),
        Expect.Key => c == '"' ? BeginText(c, key: true) : JsonProgress.Invalid,
        Expect.ValueOrEnd when c == ']' => FeedEnd(c),
        _ => FeedValue(c),
    };

    /// <summary>What may be passed on and has not been.</summary>
    public string Take()
    {
        var ready = text.ToString(taken, safe - taken);
        taken = safe;
        return ready;
    }

    /// <summary>What may be passed on, and what completes it to valid JSON; empty for a value of which nothing could be passed on.</summary>
    public string Close()
    {
        var rest = Take();
        if (taken == 0)
        {
            return "";
        }

        var end = new StringBuilder(rest).Append(closeWithQuote ? "\"" : "");
        foreach (var closer in closers)
        {
            end.Append(closer);
        }

        closers.Clear();
        closeWithQuote = false;
        expect = Expect.Nothing;
        return end.ToString();
    }

    private JsonProgress FeedValue(char c)
    {
        switch (c)
        {
            case '{' or '[' when closers.Count == MaxDepth:
                return JsonProgress.Invalid;
            case '{':
                closers.Push('}');
                return Next(c, Expect.KeyOrEnd, safeHere: true);
            case '[':
                closers.Push(']');
                return Next(c, Expect.ValueOrEnd, safeHere: true);
            case '"':
                return BeginText(c, key: false);
            default:
                atom.Clear();
                expect = Expect.Atom;
                return FeedAtom(c);
        }
    }

    private JsonProgress FeedEnd(char c)
    {
        if (closers.Count == 0 || closers.Peek() != c)
        {
            return JsonProgress.Invalid;
        }

        closers.Pop();
        text.Append(c);
        return EndValue();
    }

    private JsonProgress BeginText(char c, bool key)
    {
        inKey = key;
        closeWithQuote = !key;
        return Next(c, Expect.Text, safeHere: !key);
    }

    private JsonProgress FeedText(char c)
    {
        switch (c)
        {
            case '"':
                text.Append(c);
                if (inKey)
                {
                    expect = Expect.Colon;
                    return JsonProgress.Open;
                }

                closeWithQuote = false;
                return EndValue();
            case '\\':
                return Next(c, Expect.Escape);
            case < ' ':
                text.Append(Escaped(c));
                return Settle(c);
            default:
                text.Append(c);
                return Settle(c);
        }
    }

    private JsonProgress FeedEscape(char c)
    {
        switch (c)
        {
            case 'u':
                (hexDigits, unit) = (0, 0);
                return Next(c, Expect.Hex);
            case '"' or '\\' or '/' or 'b' or 'f' or 'n' or 'r' or 't':
                text.Append(c);
                expect = Expect.Text;
                return Settle('x');
            default:
                return JsonProgress.Invalid;
        }
    }

    private JsonProgress FeedHex(char c)
    {
        if (!char.IsAsciiHexDigit(c))
        {
            return JsonProgress.Invalid;
        }

        text.Append(c);
        unit = (unit * 16) + Convert.ToInt32(c.ToString(), 16);
        if (++hexDigits < 4)
        {
            return JsonProgress.Open;
        }

        expect = Expect.Text;
        return Settle((char)unit);
    }

    /// <summary>A character of a string is complete; half of a surrogate pair waits for the other half.</summary>
    private JsonProgress Settle(char c)
    {
        if (!inKey && !char.IsHighSurrogate(c))
        {
            safe = text.Length;
        }

        return JsonProgress.Open;
    }

    private JsonProgress FeedAtom(char c)
    {
        if (char.IsAsciiLetterOrDigit(c) || c is '-' or '+' or '.')
        {
            atom.Append(c);
            return atom.Length <= MaxAtom && AtomSyntax.MayBegin(atom) ? Keep(c) : JsonProgress.Invalid;
        }

        if (!AtomSyntax.IsWhole(atom))
        {
            return JsonProgress.Invalid;
        }

        var ended = EndValue();
        return ended == JsonProgress.Complete ? JsonProgress.CompleteBefore : Feed(c);
    }

    private JsonProgress EndValue()
    {
        safe = text.Length;
        expect = closers.Count == 0 ? Expect.Nothing : Expect.CommaOrEnd;
        return closers.Count == 0 ? JsonProgress.Complete : JsonProgress.Open;
    }

    private JsonProgress Keep(char c)
    {
        text.Append(c);
        return JsonProgress.Open;
    }

    private JsonProgress Next(char c, Expect next, bool safeHere = false)
    {
        text.Append(c);
        expect = next;
        if (safeHere)
        {
            safe = text.Length;
        }

        return JsonProgress.Open;
    }

    private static string Escaped(char c) => c switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\b' => "\\b",
        '\f' => "\\f",
        _ => $"\\u{(int)c:x4}",
    };
}
