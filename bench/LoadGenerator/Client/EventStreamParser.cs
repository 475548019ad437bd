using System.Buffers;

namespace Octavo.LoadGenerator.Client;

/// <summary>
/// Cuts a byte stream into server-sent events, wherever the network has split it (WHATWG HTML, "Server-sent events"): lines end with LF, CR or CRLF, an empty line ends
/// an event, several data lines are joined with LF, comments and other fields are passed over, an event without its empty line is dropped. Copies nothing but what
/// a read left unfinished, since the client shares its cores with the server that it measures.
/// </summary>
internal sealed class EventStreamParser
{
    /// <summary>A server that sends more without ending an event is broken, or no event stream.</summary>
    public const int MaxEventBytes = 16 * 1024 * 1024;

    private byte[] buffer = new byte[4096];
    private ArrayBufferWriter<byte>? joined;
    private int head;
    private int scanned;
    private int tail;
    private int dataStart;
    private int dataLength = -1;
    private bool skipLineFeed;
    private bool begun;

    /// <summary>Room for the next read; what was written there is announced with <see cref="Advance"/>. Spans of earlier events are invalid afterwards.</summary>
    /// <exception cref="InvalidDataException">An event has outgrown <see cref="MaxEventBytes"/>.</exception>
    public Memory<byte> GetMemory()
    {
        var keep = dataLength >= 0 && joined is null ? dataStart : head;
        if (keep > 0)
        {
            buffer.AsSpan(keep, tail - keep).CopyTo(buffer);
            (head, scanned, tail, dataStart) = (head - keep, scanned - keep, tail - keep, dataStart - keep);
        }

        if (tail == buffer.Length)
        {
            if (tail >= MaxEventBytes)
            {
                throw new InvalidDataException($"an event of more than {MaxEventBytes} bytes");
            }

            Array.Resize(ref buffer, buffer.Length * 2);
        }

        return buffer.AsMemory(tail);
    }

    public void Advance(int bytes) => tail += bytes;

    /// <summary>The data of the next whole event; valid until the next call.</summary>
    public bool TryRead(out ReadOnlySpan<byte> data)
    {
        if (dataLength < 0)
        {
            joined = null;
        }

        while (NextLine(out var start, out var length))
        {
            if (length == 0)
            {
                if (dataLength >= 0)
                {
                    data = joined is null ? buffer.AsSpan(dataStart, dataLength) : joined.WrittenSpan;
                    dataLength = -1;
                    return true;
                }

                continue;
            }

            TakeField(start, length);
        }

        data = default;
        return false;
    }

    private bool NextLine(out int start, out int length)
    {
        (start, length) = (0, 0);
        if (skipLineFeed && head < tail)
        {
            head += buffer[head] == (byte)'\n' ? 1 : 0;
            skipLineFeed = false;
            scanned = Math.Max(scanned, head);
        }

        var at = buffer.AsSpan(scanned, tail - scanned).IndexOfAny((byte)'\n', (byte)'\r');
        if (at < 0)
        {
            scanned = tail;
            return false;
        }

        var end = scanned + at;
        (start, length) = (head, end - head);
        skipLineFeed = buffer[end] == (byte)'\r';
        head = scanned = end + 1;
        if (!begun)
        {
            begun = true;
            if (buffer.AsSpan(start, length).StartsWith("\uFEFF"u8))
            {
                (start, length) = (start + 3, length - 3);
            }
        }

        return true;
    }

    private void TakeField(int start, int length)
    {
        var line = buffer.AsSpan(start, length);
        if (!line.StartsWith("data"u8) || (line.Length > 4 && line[4] != (byte)':'))
        {
            return;
        }

        var skip = line.Length > 5 && line[5] == (byte)' ' ? 6 : Math.Min(5, line.Length);
        if (dataLength < 0)
        {
            (dataStart, dataLength) = (start + skip, length - skip);
            return;
        }

        if (joined is null)
        {
            joined = new ArrayBufferWriter<byte>();
            joined.Write(buffer.AsSpan(dataStart, dataLength));
        }

        joined.Write("\n"u8);
        joined.Write(line[skip..]);
        if (joined.WrittenCount > MaxEventBytes)
        {
            throw new InvalidDataException($"an event of more than {MaxEventBytes} bytes");
        }
    }
}
