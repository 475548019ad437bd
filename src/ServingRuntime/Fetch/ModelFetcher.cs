using Octavo.ServingContract;
using Octavo.ServingRuntime.Engine.ModelLoader;
using Octavo.ServingRuntime.Fetch.Archives;
using Octavo.ServingRuntime.Fetch.Cache;
using Octavo.ServingRuntime.Fetch.Checkpoints;
using Octavo.ServingRuntime.Fetch.Sources;
using Octavo.ServingRuntime.Fetch.Transfer;

namespace Octavo.ServingRuntime.Fetch;

/// <summary>
/// Makes a model's files present: lists them at their source, checks that there is room, brings configuration and tokenizer and checks those before any
/// weights are brought, brings the weights, checks all, and publishes the folder in one step. Run again after any failure it goes on where it ended.
/// </summary>
/// <param name="options">What is asked for.</param>
/// <param name="environment">The world around.</param>
/// <param name="board">Where progress is told; null: in the log alone.</param>
internal sealed class ModelFetcher(FetchOptions options, FetchEnvironment environment, ProgressBoard? board = null)
{
    /// <summary>Room that is left on the disk.</summary>
    private const long Reserve = 64 << 20;

    /// <summary>A source that changes under every listing is not caught up with.</summary>
    private const int MostListings = 4;

    /// <summary>ENOSPC and EDQUOT; ERROR_DISK_FULL.</summary>
    private static readonly int[] NoSpaceErrors = [28, 122, unchecked((int)0x80070070)];

    private readonly string name = SafeName.Of(options.Uri);
    private readonly RetryPolicy retry = new(environment, options.Attempts);

    public async Task<FetchResult> FetchAsync(CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(options.Deadline ?? Timeout.InfiniteTimeSpan, environment.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return options.Uri.StartsWith("file:", StringComparison.Ordinal)
                ? await CheckLocalAsync(either.Token).ConfigureAwait(false)
                : await FetchRemoteAsync(either.Token).ConfigureAwait(false);
        }
        catch (FetchException e)
        {
            return new FetchResult(e.Code, OneLine(e.Message));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return new FetchResult(FetchExitCode.Stopped, $"Fetching {name} was stopped; what came until now is kept, and the next run goes on from there.");
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return new FetchResult(
                FetchExitCode.DeadlineExceeded,
                $"Fetching {name} took longer than the {options.Deadline?.TotalSeconds:F0} s that it may take{board?.Amount()}; what came until now is kept, and the next run goes on from there.");
        }
        catch (IOException e) when (NoSpaceErrors.Contains(e.HResult))
        {
            return new FetchResult(FetchExitCode.NoSpace, OneLine($"The disk is full while fetching {name}: {e.Message}"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new FetchResult(FetchExitCode.Unexpected, OneLine($"The files of {name} cannot be written: {e.Message}"));
        }
    }

    private async Task<FetchResult> CheckLocalAsync(CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(options.Uri, UriKind.Absolute, out var uri) || uri.Host.Length > 0 || !uri.IsFile)
        {
            return new FetchResult(FetchExitCode.Usage, $"The URI {name} names no absolute path: write file:///absolute/path.");
        }

        var result = ModelFolderCheck.Check(uri.LocalPath, skipTokenizer: options.SkipTokenizerInit);
        if (result.Code != FetchExitCode.Success || options.Sha256 is not { } expected)
        {
            return result;
        }

        var location = ModelLocation.Of(uri.LocalPath);
        var folder = location.Folder;
        IEnumerable<SourceFile> files = ModelManifest.PathsOf(folder).Select(p => new SourceFile(p, new FileInfo(Path.Combine(folder, p)).Length));
        var listing = new SourceListing(null, [.. files], location.IsGguf ? Path.GetFileName(location.GgufFiles[0]) : null);
        var (metadata, weights) = await CheckpointFiles.SelectAsync(listing, folder, f => File.ReadAllBytesAsync(Path.Combine(folder, f.Path), cancellationToken)).ConfigureAwait(false);
        var manifest = await ModelManifest.OfFolderAsync(folder, metadata.Concat(weights).Select(f => f.Path), _ => null, cancellationToken).ConfigureAwait(false);
        return Matches(manifest.Sha256, expected) ?? result;
    }

    private async Task<FetchResult> FetchRemoteAsync(CancellationToken cancellationToken)
    {
        var folder = new ModelFolder(options.Output ?? Path.Combine(options.CacheDirectory!, ModelCachePath.EntryName(options.Uri, options.Sha256)));
        if (options.CheckOnly)
        {
            return FindComplete(folder, isLocked: false) ?? new FetchResult(FetchExitCode.NotFound, $"{name} is not in the cache: {folder.Path} does not exist or is not whole.");
        }

        using var transport = new HttpTransport(environment.Time, options.StallTimeout);
        var source = ModelSources.Create(options, environment, transport);
        if (FindComplete(folder, isLocked: false) is { } present)
        {
            return present;
        }

        Directory.CreateDirectory(folder.Parent);
        board?.Enter(FetchPhase.Waiting);
        using var held = await CacheLock.AcquireAsync(folder.LockFile, environment, cancellationToken).ConfigureAwait(false);
        if (FindComplete(folder, isLocked: true) is { } meanwhile)
        {
            return meanwhile;
        }

        if (options.Output is not null && folder.IsForeign)
        {
            return new FetchResult(FetchExitCode.Usage, $"{folder.Path} holds something that no fetch made: give --output a folder that is empty or does not exist.");
        }

        Directory.CreateDirectory(folder.Unfinished);
        for (var listings = 1; ; listings++)
        {
            try
            {
                return await BringAsync(source, folder, cancellationToken).ConfigureAwait(false);
            }
            catch (FetchException e) when (e.IsSourceChanged && listings < MostListings)
            {
                environment.Say($"{e.Message} Listing it again");
            }
        }
    }

    /// <summary>The published model, if it is there and whole. A damaged one is removed under the lock only: another process may just have replaced it.</summary>
    private FetchResult? FindComplete(ModelFolder folder, bool isLocked)
    {
        if (CompleteMarker.Find(folder.Path) is not { } marker)
        {
            return null;
        }

        if (marker.FirstDamaged(folder.Path) is { } damaged)
        {
            if (isLocked)
            {
                environment.Say($"{damaged} in {folder.Path} is not as it was fetched; fetching the model again");
                File.Delete(Path.Combine(folder.Path, CompleteMarker.FileName));
                Directory.Delete(folder.Path, recursive: true);
            }

            return null;
        }

        return (options.Sha256 is { } expected ? Matches(marker.Sha256, expected) : null) ?? Finish(folder, marker);
    }

    private async Task<FetchResult> BringAsync(IModelSource source, ModelFolder folder, CancellationToken cancellationToken)
    {
        board?.Enter(FetchPhase.Listing);
        var listing = CheckpointFiles.WithNamedWeights(await retry.RunAsync(source.Name, source.ListAsync, cancellationToken).ConfigureAwait(false));
        var (metadata, weights) = await CheckpointFiles.SelectAsync(listing, source.Name, f => ReadAsync(source, f, cancellationToken)).ConfigureAwait(false);
        var all = metadata.Concat(weights).ToList();
        RemoveStale(folder.Unfinished, all);
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        using (var journal = DownloadJournal.Open(folder.Unfinished))
        {
            var present = all.Sum(f => Downloader.IsWhole(f, folder.Unfinished, journal) ? f.Size ?? 0 : File.Exists(Path.Combine(folder.Unfinished, f.Path)) ? journal.Find(f).Ranges.Total : 0);
            var total = all.Sum(f => f.Size ?? 0);
            RequireSpace(source.Name, all, total - present, folder.Unfinished);
            environment.Say($"{source.Name}{(listing.Revision is { } revision ? $" at {revision}" : "")}: {all.Count} files, {TransferProgress.Bytes(total)}{(present > 0 ? $", of which {TransferProgress.Bytes(present)} are here" : "")}, to {folder.Path}");
            using var progress = new TransferProgress(environment, options.ProgressInterval, total, present);
            board?.Follow(progress, listing.Revision);
            var downloader = new Downloader(source, options, environment, retry);
            await downloader.DownloadAsync(metadata, folder.Unfinished, journal, progress, cancellationToken).ConfigureAwait(false);
            if (CheckFolder(folder, listing.NamedWeights, weights.Any(f => f.IsArchive) ? null : false) is { Code: not FetchExitCode.Success } early)
            {
                return early;
            }

            await downloader.DownloadAsync(weights, folder.Unfinished, journal, progress, cancellationToken).ConfigureAwait(false);
            environment.Say(progress.Summary());
            board?.Enter(FetchPhase.Verifying);
            foreach (var file in all)
            {
                known[file.Path] = journal.Find(file).Sha256 ?? "";
            }
        }

        var extracted = await ExtractAsync(source, weights, folder, cancellationToken).ConfigureAwait(false);
        var manifest = await ModelManifest.OfFolderAsync(
            folder.Unfinished,
            ModelManifest.PathsOf(folder.Unfinished),
            path => !extracted && known.GetValueOrDefault(path) is { Length: > 0 } sha256 ? sha256 : null,
            cancellationToken).ConfigureAwait(false);
        if (options.Sha256 is { } expected && Matches(manifest.Sha256, expected) is { } mismatch)
        {
            return mismatch;
        }

        if (CheckFolder(folder, listing.NamedWeights, withWeights: true) is { Code: not FetchExitCode.Success } fault)
        {
            return fault;
        }

        var marker = new CompleteMarker { Uri = name, Revision = listing.Revision, Sha256 = manifest.Sha256, FetchedAt = environment.Time.GetUtcNow(), Files = manifest.Files };
        foreach (var own in Directory.GetFiles(folder.Unfinished, RelativePath.ReservedPrefix + "*"))
        {
            File.Delete(own);
        }

        marker.Write(folder.Unfinished);
        folder.Publish();
        return Finish(folder, marker);
    }

    private async Task<byte[]> ReadAsync(IModelSource source, SourceFile file, CancellationToken cancellationToken) => await retry.RunAsync(
        file.Path,
        async token =>
        {
            var reply = await source.OpenAsync(file, 0, file.Size, token).ConfigureAwait(false);
            await using var disposing = reply.ConfigureAwait(false);
            using var guard = new StallGuard(environment.Time, options.StallTimeout, token);
            using var content = new MemoryStream();
            var buffer = new byte[64 << 10];
            while (await guard.ReadAsync(file.Path, reply.Content, buffer).ConfigureAwait(false) is > 0 and var count)
            {
                content.Write(buffer, 0, count);
                if (content.Length > CheckpointFiles.MostMetadataBytes)
                {
                    throw new FetchException(FetchExitCode.InvalidModel, $"{source.Name} has a {file.Path} that is too large for one.");
                }
            }

            return content.ToArray();
        },
        cancellationToken).ConfigureAwait(false);

    /// <summary>What an earlier listing had and this one has not would be published with the model otherwise.</summary>
    private static void RemoveStale(string unfinished, List<SourceFile> files)
    {
        var wanted = files.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        foreach (var path in ModelManifest.PathsOf(unfinished).Where(p => !wanted.Contains(p)))
        {
            File.Delete(Path.Combine(unfinished, path));
        }
    }

    /// <exception cref="FetchException">The disk has no room.</exception>
    private void RequireSpace(string source, List<SourceFile> files, long missing, string folder)
    {
        // What is extracted needs its room beside the archive, and is no smaller.
        var needed = missing + files.Where(f => f.IsArchive).Sum(f => f.Size ?? 0);
        var free = environment.FreeBytes(folder);
        if (needed > free - Reserve)
        {
            throw new FetchException(
                FetchExitCode.NoSpace,
                $"{source} needs {TransferProgress.Bytes(needed)} more in {folder}, where {TransferProgress.Bytes(Math.Max(0, free))} are free ({TransferProgress.Bytes(Reserve)} of which are left alone).");
        }
    }

    /// <summary>True where there were archives.</summary>
    private async Task<bool> ExtractAsync(IModelSource source, IReadOnlyList<SourceFile> files, ModelFolder folder, CancellationToken cancellationToken)
    {
        var archives = files.Where(f => f.IsArchive).ToList();
        foreach (var archive in archives)
        {
            environment.Say($"unpacking {archive.Locator ?? archive.Path}");
            await TarExtraction.ExtractAsync(Path.Combine(folder.Unfinished, archive.Path), folder.Unfinished, $"{archive.Locator ?? archive.Path} of {source.Name}", environment.FreeBytes, cancellationToken).ConfigureAwait(false);
        }

        if (archives.Count > 0)
        {
            ModelRoot.MoveToTop(folder.Unfinished, ModelRoot.Find(folder.Unfinished, source.Name));
        }

        return archives.Count > 0;
    }

    /// <param name="folder">The model's.</param>
    /// <param name="namedWeights">The GGUF file; null: a checkpoint.</param>
    /// <param name="withWeights">Whether the weights are there; null: nothing can be said yet.</param>
    private FetchResult? CheckFolder(ModelFolder folder, string? namedWeights, bool? withWeights)
    {
        if (withWeights is null || (namedWeights is not null && withWeights == false))
        {
            return null;
        }

        var result = ModelFolderCheck.Check(namedWeights is null ? folder.Unfinished : Path.Combine(folder.Unfinished, namedWeights), withWeights.Value, options.SkipTokenizerInit);
        // The folder's present name says nothing to whoever reads the message.
        return result with { Message = result.Message.Replace(folder.Unfinished, name, StringComparison.Ordinal) };
    }

    private FetchResult Finish(ModelFolder folder, CompleteMarker marker)
    {
        var check = ModelFolderCheck.Check(folder.Path, skipTokenizer: options.SkipTokenizerInit);
        if (check.Code == FetchExitCode.Success)
        {
            board?.Finish(marker);
        }

        return check.Code != FetchExitCode.Success ? check : check with { Message = $"{check.Message.TrimEnd('.')}, from {name}{(marker.Revision is { } r ? $" at {r}" : "")}, sha256 {marker.Sha256}." };
    }

    private FetchResult? Matches(string sha256, string expected) => string.Equals(sha256, expected, StringComparison.OrdinalIgnoreCase)
        ? null
        : new FetchResult(FetchExitCode.ChecksumMismatch, $"The model {name} has the manifest digest {sha256} and should have {expected.ToLowerInvariant()}.");

    private static string OneLine(string message) => message.ReplaceLineEndings(" ");
}
