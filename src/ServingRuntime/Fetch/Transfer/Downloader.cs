using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch.Sources;

namespace Octavo.ServingRuntime.Fetch.Transfer;

/// <summary>
/// Brings files from a source into a folder: in parts over several connections, going on where an earlier run ended, each file hashed and compared with
/// the digest that its source gives. The first failure for good stops all; what came until then is noted.
/// </summary>
internal sealed class Downloader(IModelSource source, FetchOptions options, FetchEnvironment environment, RetryPolicy retry)
{
    private const int BufferBytes = 256 << 10;

    /// <summary>Content that does not have its digest is brought once more: a proxy may have damaged it.</summary>
    private const int MostMismatches = 2;

    /// <exception cref="FetchException">A file cannot be had, or is not what its digest says.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public async Task DownloadAsync(IReadOnlyList<SourceFile> files, string folder, DownloadJournal journal, TransferProgress progress, CancellationToken cancellationToken)
    {
        using var run = new Run(CancellationTokenSource.CreateLinkedTokenSource(cancellationToken), progress);
        try
        {
            foreach (var file in files.Where(f => !IsWhole(f, folder, journal)).OrderBy(f => f.Size ?? 0))
            {
                var (download, parts) = FileDownload.Open(file, folder, journal, options.PartBytes);
                run.Downloads.Add(download);
                parts.ToList().ForEach(run.Queue.Enqueue);
                if (parts.Count == 0)
                {
                    run.Arrived.Enqueue(download);
                }
            }

            await Task.WhenAll(Enumerable.Range(0, options.Connections).Select(_ => WorkAsync(run))).ConfigureAwait(false);
        }
        catch (Exception) when (run.Failure is not null)
        {
            // The others were stopped by it.
            ExceptionDispatchInfo.Throw(run.Failure);
        }
    }

    /// <summary>Whether an earlier run brought the file and found it right.</summary>
    public static bool IsWhole(SourceFile file, string folder, DownloadJournal journal) =>
        journal.Find(file).Sha256 is not null && new FileInfo(Path.Combine(folder, file.Path)) is { Exists: true } found && (file.Size is null || found.Length == file.Size);

    private async Task WorkAsync(Run run)
    {
        var token = run.Stop.Token;
        try
        {
            // Workers begin in parallel from here on.
            await Task.Yield();
            while (true)
            {
                if (run.Arrived.TryDequeue(out var arrived))
                {
                    await VerifyAsync(arrived, run, token).ConfigureAwait(false);
                }
                else if (!run.Queue.TryDequeue(out var part))
                {
                    return;
                }
                else if (await BringAsync(part, run, token).ConfigureAwait(false) && part.Download.Finish(part))
                {
                    await VerifyAsync(part.Download, run, token).ConfigureAwait(false);
                }
            }
        }
        catch (Exception e)
        {
            run.Fail(e);
            throw;
        }
    }

    /// <summary>True once the part is there; false where another part brings the whole file.</summary>
    private async Task<bool> BringAsync(DownloadPart part, Run run, CancellationToken cancellationToken)
    {
        var failures = 0;
        while (!part.Download.IsGivenUp(part))
        {
            var before = part.Position;
            try
            {
                return await StreamAsync(part, run, cancellationToken).ConfigureAwait(false);
            }
            catch (FetchException e) when (e.IsTransient)
            {
                failures = part.Position > before ? 1 : failures + 1;
                if (part.End is null)
                {
                    // Without a size nothing tells whether a second answer goes on where the first ended.
                    run.Progress.TakeBack(part.Position);
                    (part.Position, part.Noted) = (0, 0);
                }

                await retry.WaitAsync(part.Download.File.Path, e, failures, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                Note(part);
            }
        }

        return false;
    }

    private async Task<bool> StreamAsync(DownloadPart part, Run run, CancellationToken cancellationToken)
    {
        var download = part.Download;
        var reply = await source.OpenAsync(download.File, part.Position, part.End, cancellationToken).ConfigureAwait(false);
        await using var disposing = reply.ConfigureAwait(false);
        if (reply.Start != part.Position && !download.TryTakeWhole(part))
        {
            return false;
        }

        using var guard = new StallGuard(environment.Time, options.StallTimeout, cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            var skip = part.Position - reply.Start;
            while (part.End is not { } end || part.Position < end)
            {
                var wanted = skip > 0 ? skip : (part.End ?? long.MaxValue) - part.Position;
                var count = await guard.ReadAsync(download.File.Path, reply.Content, buffer.AsMemory(0, (int)Math.Min(buffer.Length, wanted))).ConfigureAwait(false);
                if (count == 0)
                {
                    return part.End is null ? true : throw FetchException.Transient($"the connection was cut {part.End - part.Position} bytes early");
                }

                if (skip > 0)
                {
                    skip -= count;
                    continue;
                }

                await download.WriteAsync(buffer.AsMemory(0, count), part.Position, cancellationToken).ConfigureAwait(false);
                part.Position += count;
                run.Progress.Add(count);
                if (part.Position - part.Noted >= options.JournalBytes)
                {
                    Note(part);
                }
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Note(DownloadPart part)
    {
        if (part.End is not null && !part.Download.IsGivenUp(part))
        {
            part.Download.Commit(part.Noted, part.Position);
            part.Noted = part.Position;
        }
    }

    private async Task VerifyAsync(FileDownload download, Run run, CancellationToken cancellationToken)
    {
        var expected = download.File.Digest;
        var (sha256, found) = await ContentHash.ComputeAsync(download.Path, expected?.Algorithm, cancellationToken).ConfigureAwait(false);
        if (expected is null || found == expected.Hex)
        {
            download.Complete(sha256);
            return;
        }

        var was = new ContentDigest(expected.Algorithm, found);
        if (++download.Mismatches >= MostMismatches)
        {
            download.Restart(options.PartBytes);
            throw new FetchException(FetchExitCode.ChecksumMismatch, $"{download.File.Path} of {source.Name} should have {expected} and has {was}, twice.");
        }

        environment.Say($"{download.File.Path}: should have {expected} and has {was}; fetching it again");
        run.Progress.TakeBack(new FileInfo(download.Path).Length);
        foreach (var part in download.Restart(options.PartBytes))
        {
            run.Queue.Enqueue(part);
        }
    }

    private sealed record Run(CancellationTokenSource Stop, TransferProgress Progress) : IDisposable
    {
        private Exception? failure;

        public ConcurrentQueue<DownloadPart> Queue { get; } = new();

        /// <summary>Files of which nothing is missing but the check.</summary>
        public ConcurrentQueue<FileDownload> Arrived { get; } = new();

        public List<FileDownload> Downloads { get; } = [];

        public Exception? Failure => failure;

        public void Fail(Exception exception)
        {
            Interlocked.CompareExchange(ref failure, exception, null);
            Stop.Cancel();
        }

        public void Dispose()
        {
            Downloads.ForEach(d => d.Dispose());
            Stop.Dispose();
        }
    }
}
