using System.Runtime.InteropServices;
using System.Text;

namespace Octavo.ServingRuntime.Engine.Tokenization.Decoders;

/// <summary>A decoder that is given tokens one by one and passes on what is final: in the end the same text as of all tokens at once. For one thread.</summary>
internal abstract class TextStream
{
    /// <param name="token">The next token; behind a decoder that joins all to one: the next part of it.</param>
    public abstract void Push(string token);

    /// <summary>Nothing follows: passes on what was held back.</summary>
    public abstract void Flush();

    /// <summary>What has been held back so far belongs to the prompt: only the bytes of an unfinished character are kept.</summary>
    public abstract void Forget();
}

/// <summary>The end of a chain.</summary>
internal sealed class TextSink : TextStream
{
    private readonly StringBuilder text = new();

    public override void Push(string token) => text.Append(token);

    public override void Flush()
    {
    }

    public override void Forget() => text.Clear();

    /// <summary>The text since the last call.</summary>
    public string Take()
    {
        var taken = text.ToString();
        text.Clear();
        return taken;
    }
}

/// <summary>Each token becomes another by itself, but for the first.</summary>
internal sealed class MapStream(Func<string, bool, string> map, TextStream next) : TextStream
{
    private bool begun;

    public override void Push(string token)
    {
        next.Push(map(token, !begun));
        begun = true;
    }

    public override void Flush() => next.Flush();

    public override void Forget() => next.Forget();
}

/// <summary>The first characters of the whole text, where they are a given one, are taken off.</summary>
internal sealed class StripStartStream(string content, int count, TextStream next) : TextStream
{
    private int left = count;

    public override void Push(string token)
    {
        var start = 0;
        while (left > 0 && start < token.Length)
        {
            if (string.CompareOrdinal(token, start, content, 0, content.Length) != 0)
            {
                left = 0;
                break;
            }

            start += content.Length;
            left--;
        }

        next.Push(token[start..]);
    }

    public override void Flush() => next.Flush();

    public override void Forget() => next.Forget();
}

/// <summary>
/// Runs of byte tokens. A run is held back until it ends, since one wrong byte makes all of it U+FFFD; only of a very long one that is well-formed so far the text goes on
/// before, so that a stream does not stand still.
/// </summary>
internal sealed class ByteRunStream(TextStream next) : TextStream
{
    private const int MostHeld = 96;
    private readonly List<byte> run = [];

    public override void Push(string token)
    {
        if (!ByteFallbackDecoder.TryReadByte(token, out var value))
        {
            End();
            next.Push(token);
            return;
        }

        run.Add(value);
        if (run.Count >= MostHeld && CompleteLength() == run.Count)
        {
            End();
        }
    }

    public override void Flush()
    {
        End();
        next.Flush();
    }

    public override void Forget()
    {
        run.RemoveRange(0, CompleteLength());
        next.Forget();
    }

    private void End()
    {
        var tokens = new List<string>();
        ByteFallbackDecoder.Flush(run, tokens);
        tokens.ForEach(next.Push);
    }

    /// <summary>Bytes of whole characters at the run's beginning.</summary>
    private int CompleteLength()
    {
        var done = 0;
        var bytes = CollectionsMarshal.AsSpan(run);
        while (done < bytes.Length && Rune.DecodeFromUtf8(bytes[done..], out _, out var length) == System.Buffers.OperationStatus.Done)
        {
            done += length;
        }

        return done;
    }
}

/// <summary>A token is passed on when the next one has come.</summary>
internal sealed class LastTokenStream(Func<string, bool, string> map, TextStream next) : TextStream
{
    private string? held;

    public override void Push(string token)
    {
        if (held is not null)
        {
            next.Push(map(held, false));
        }

        held = token;
    }

    public override void Flush()
    {
        if (held is not null)
        {
            next.Push(map(held, true));
            held = null;
        }

        next.Flush();
    }

    public override void Forget()
    {
        held = null;
        next.Forget();
    }
}

/// <summary>Equal neighbours are one, and those that become nothing are left out.</summary>
internal sealed class DistinctStream(Func<string, string> map, TextStream next) : TextStream
{
    private string? before;

    public override void Push(string token)
    {
        if (token != before && map(token) is { Length: > 0 } text)
        {
            next.Push(text);
        }

        before = token;
    }

    public override void Flush() => next.Flush();

    public override void Forget() => next.Forget();
}
