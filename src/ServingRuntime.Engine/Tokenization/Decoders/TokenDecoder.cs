using System.Globalization;
using System.Text;
using Octavo.ServingRuntime.Engine.Tokenization.Patterns;
using Octavo.ServingRuntime.Engine.Tokenization.PreTokenizers;

namespace Octavo.ServingRuntime.Engine.Tokenization.Decoders;

/// <summary>Turns tokens back to text; the <c>decoder</c> of a tokenizer.json. A chain maps a list of strings, which is joined at the end.</summary>
internal abstract class TokenDecoder
{
    public abstract List<string> Decode(List<string> tokens);

    /// <summary>The same, a token at a time; null where that cannot be.</summary>
    /// <param name="next">What comes after.</param>
    /// <param name="joined">Whether an earlier decoder has joined all tokens to one, whose parts come here.</param>
    public abstract TextStream? Stream(TextStream next, bool joined);

    /// <summary>Whether the tokens are one behind this decoder.</summary>
    public virtual bool Joins => false;
}

/// <summary>Applies several in order.</summary>
internal sealed class SequenceDecoder(IReadOnlyList<TokenDecoder> parts) : TokenDecoder
{
    public override bool Joins => parts.Any(part => part.Joins);

    public override List<string> Decode(List<string> tokens) => parts.Aggregate(tokens, (current, part) => part.Decode(current));

    public override TextStream? Stream(TextStream next, bool joined)
    {
        TextStream? stream = next;
        for (var i = parts.Count - 1; i >= 0 && stream is not null; i--)
        {
            stream = parts[i].Stream(stream, joined || parts.Take(i).Any(part => part.Joins));
        }

        return stream;
    }
}

/// <summary>GPT-2's alphabet back to bytes; what is no UTF-8 becomes U+FFFD. A token outside the alphabet stands for itself.</summary>
internal sealed class ByteLevelDecoder : TokenDecoder
{
    public override bool Joins => true;

    public static byte[] BytesOf(string token)
    {
        var bytes = new List<byte>(token.Length);
        return ByteAlphabet.TryDecode(token, bytes) ? [.. bytes] : Encoding.UTF8.GetBytes(token);
    }

    public override List<string> Decode(List<string> tokens)
    {
        var bytes = new List<byte>(tokens.Count * 4);
        foreach (var token in tokens)
        {
            if (!ByteAlphabet.TryDecode(token, bytes))
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(token));
            }
        }

        return [Encoding.UTF8.GetString([.. bytes])];
    }

    public override TextStream? Stream(TextStream next, bool joined) => joined ? null : new Utf8Stream(next);
}

/// <summary>Joins runs of tokens like <c>&lt;0xE4&gt;</c> to characters; a run that is no UTF-8 becomes one U+FFFD a byte.</summary>
internal sealed class ByteFallbackDecoder : TokenDecoder
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public override List<string> Decode(List<string> tokens)
    {
        var output = new List<string>(tokens.Count);
        var run = new List<byte>();
        foreach (var token in tokens)
        {
            if (TryReadByte(token, out var value))
            {
                run.Add(value);
                continue;
            }

            Flush(run, output);
            output.Add(token);
        }

        Flush(run, output);
        return output;
    }

    public override TextStream? Stream(TextStream next, bool joined) => joined ? null : new ByteRunStream(next);

    public static bool TryReadByte(string token, out byte value)
    {
        value = 0;
        return token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
            && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>Appends the text of a run, and empties it.</summary>
    public static void Flush(List<byte> run, List<string> output)
    {
        if (run.Count == 0)
        {
            return;
        }

        var bytes = run.ToArray();
        if (System.Text.Unicode.Utf8.IsValid(bytes))
        {
            output.Add(Strict.GetString(bytes));
        }
        else
        {
            output.AddRange(Enumerable.Repeat("\uFFFD", run.Count));
        }

        run.Clear();
    }
}

/// <summary>Joins all tokens to one, so that what follows sees the whole text.</summary>
internal sealed class FuseDecoder : TokenDecoder
{
    public override bool Joins => true;

    public override List<string> Decode(List<string> tokens) => [string.Concat(tokens)];

    public override TextStream? Stream(TextStream next, bool joined) => next;
}

/// <summary>Replaces each match of a literal or a regular expression in each token.</summary>
internal sealed class ReplaceDecoder(SplitPattern pattern, string content) : TokenDecoder
{
    public override List<string> Decode(List<string> tokens) => tokens.ConvertAll(t => pattern.Replace(t, content));

    public override TextStream? Stream(TextStream next, bool joined)
        => joined && pattern.LiteralText is not { Length: 1 } ? null : new MapStream((token, _) => pattern.Replace(token, content), next);
}

/// <summary>Takes at most so many of a character from the ends of each token.</summary>
internal sealed class StripDecoder(string content, int start, int stop) : TokenDecoder
{
    public override List<string> Decode(List<string> tokens) => tokens.ConvertAll(Strip);

    public override TextStream? Stream(TextStream next, bool joined)
        => !joined ? new MapStream((token, _) => Strip(token), next) : stop > 0 ? null : new StripStartStream(content, start, next);

    private string Strip(string token)
    {
        int first = 0, last = token.Length;
        for (var i = 0; i < start && string.CompareOrdinal(token, first, content, 0, content.Length) == 0; i++)
        {
            first += content.Length;
        }

        for (var i = 0; i < stop && last - content.Length >= first && string.CompareOrdinal(token, last - content.Length, content, 0, content.Length) == 0; i++)
        {
            last -= content.Length;
        }

        return token[first..last];
    }
}

/// <summary>Marks back to spaces; the first token loses its own.</summary>
internal sealed class MetaspaceDecoder(string mark, PrependScheme scheme) : TokenDecoder
{
    public override List<string> Decode(List<string> tokens) => [.. tokens.Select((token, i) => Unmark(token, i == 0))];

    public override TextStream? Stream(TextStream next, bool joined) => joined ? null : new MapStream(Unmark, next);

    /// <summary>The library drops every mark of the first token, not only the first mark.</summary>
    private string Unmark(string token, bool isFirst) => token.Replace(mark, isFirst && scheme != PrependScheme.Never ? "" : " ", StringComparison.Ordinal);
}
