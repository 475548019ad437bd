namespace Octavo.LocalCluster.Node.Logs;

/// <summary>Cuts a process's output into lines of a <see cref="ContainerLog"/>.</summary>
internal static class LogPump
{
    /// <summary>Longer lines are written in parts, as container runtimes do.</summary>
    internal const int MaxLineBytes = 16 * 1024;

    public static async Task RunAsync(Stream source, string stream, ContainerLog log)
    {
        var buffer = new byte[MaxLineBytes];
        var filled = 0;
        while (true)
        {
            int read;
            try
            {
                read = await source.ReadAsync(buffer.AsMemory(filled), CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException)
            {
                read = 0; // The pipe was closed under us: the same as its end.
            }

            if (read == 0)
            {
                if (filled > 0)
                {
                    log.Append(stream, buffer.AsSpan(0, filled), partial: false);
                    log.Flush();
                }

                return;
            }

            filled += read;
            filled = TakeLines(buffer, filled, stream, log);
            if (filled == buffer.Length)
            {
                log.Append(stream, buffer, partial: true);
                filled = 0;
            }

            log.Flush();
        }
    }

    /// <summary>Appends the whole lines and moves the rest to the front; returns its length.</summary>
    private static int TakeLines(byte[] buffer, int filled, string stream, ContainerLog log)
    {
        var start = 0;
        while (true)
        {
            var length = buffer.AsSpan(start, filled - start).IndexOf((byte)'\n');
            if (length < 0)
            {
                break;
            }

            log.Append(stream, buffer.AsSpan(start, length), partial: false);
            start += length + 1;
        }

        buffer.AsSpan(start, filled - start).CopyTo(buffer);
        return filled - start;
    }
}
