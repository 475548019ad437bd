using System.Text;

namespace Octavo.LocalCluster.Node.Logs;

/// <summary>Answers a <see cref="LogQuery"/> from a log's files, following the live one where asked.</summary>
internal static class ContainerLogReader
{
    public static async Task CopyAsync(ContainerLog log, LogQuery query, Stream destination, CancellationToken cancellationToken)
    {
        var output = new LimitedOutput(destination, query.LimitBytes);
        var rotations = log.Rotations;
        var changed = log.Changed;
        var position = await CopyPastAsync(log, query, output, cancellationToken).ConfigureAwait(false);
        await destination.FlushAsync(cancellationToken).ConfigureAwait(false);
        while (query.Follow && !output.IsFull)
        {
            // The signal is taken before the files are read, so nothing can fall between the two.
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
            var complete = log.IsComplete;
            changed = log.Changed;
            if (log.Rotations != rotations)
            {
                rotations = log.Rotations;
                await CopyFileAsync(log.RotatedPath, position, query, output, cancellationToken).ConfigureAwait(false);
                position = 0;
            }

            position = await CopyFileAsync(log.Path, position, query, output, cancellationToken).ConfigureAwait(false);
            await destination.FlushAsync(cancellationToken).ConfigureAwait(false);
            if (complete)
            {
                return;
            }
        }
    }

    /// <summary>The last lines as one text, bounded in lines and bytes: the termination message of a container that failed without writing one.</summary>
    public static string Tail(ContainerLog log, int maxLines, int maxBytes)
    {
        var lines = new Queue<LogLine>();
        foreach (var path in new[] { log.RotatedPath, log.Path })
        {
            foreach (var line in ReadLines(path))
            {
                lines.Enqueue(line);
                if (lines.Count > maxLines)
                {
                    lines.Dequeue();
                }
            }
        }

        var bytes = lines.SelectMany(l => l.Partial ? l.Text : [.. l.Text, (byte)'\n']).ToArray();
        return Encoding.UTF8.GetString(bytes.AsSpan(Math.Max(0, bytes.Length - maxBytes)));
    }

    private static async Task<long> CopyPastAsync(ContainerLog log, LogQuery query, LimitedOutput output, CancellationToken cancellationToken)
    {
        var selected = new Queue<LogLine>();
        long position = 0;
        foreach (var path in new[] { log.RotatedPath, log.Path })
        {
            position = 0;
            foreach (var (line, end) in ReadLinesFrom(path, 0))
            {
                position = end;
                if (query.Since is { } since && line.Time < since)
                {
                    continue;
                }

                selected.Enqueue(line);
                if (query.TailLines is { } tail && selected.Count > tail)
                {
                    selected.Dequeue();
                }
            }
        }

        foreach (var line in selected)
        {
            await output.WriteAsync(line, query.Timestamps, cancellationToken).ConfigureAwait(false);
        }

        return position;
    }

    private static async Task<long> CopyFileAsync(string path, long position, LogQuery query, LimitedOutput output, CancellationToken cancellationToken)
    {
        foreach (var (line, end) in ReadLinesFrom(path, position))
        {
            position = end;
            if (query.Since is not { } since || line.Time >= since)
            {
                await output.WriteAsync(line, query.Timestamps, cancellationToken).ConfigureAwait(false);
            }
        }

        return position;
    }

    private static IEnumerable<LogLine> ReadLines(string path) => ReadLinesFrom(path, 0).Select(l => l.Line);

    /// <summary>Whole lines from <paramref name="position"/> on, each with the position after it.</summary>
    private static IEnumerable<(LogLine Line, long End)> ReadLinesFrom(string path, long position)
    {
        if (!File.Exists(path))
        {
            yield break;
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Position = position;
        var buffer = new byte[64 * 1024];
        var filled = 0;
        int read;
        while ((read = file.Read(buffer, filled, buffer.Length - filled)) > 0)
        {
            filled += read;
            var start = 0;
            int length;
            while ((length = Array.IndexOf(buffer, (byte)'\n', start, filled - start) - start) >= 0)
            {
                position += length + 1;
                if (LogLine.Parse(buffer.AsSpan(start, length)) is { } line)
                {
                    yield return (line, position);
                }

                start += length + 1;
            }

            buffer.AsSpan(start, filled - start).CopyTo(buffer);
            filled -= start;
        }
    }

    private sealed class LimitedOutput(Stream destination, long? limit)
    {
        private long left = limit ?? long.MaxValue;

        public bool IsFull => left <= 0;

        public async Task WriteAsync(LogLine line, bool timestamps, CancellationToken cancellationToken)
        {
            if (IsFull)
            {
                return;
            }

            var head = timestamps ? Encoding.ASCII.GetBytes(line.Stamp + " ") : [];
            byte[] bytes = line.Partial ? [.. head, .. line.Text] : [.. head, .. line.Text, (byte)'\n'];
            var count = (int)Math.Min(bytes.Length, left);
            await destination.WriteAsync(bytes.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            left -= count;
        }
    }
}
