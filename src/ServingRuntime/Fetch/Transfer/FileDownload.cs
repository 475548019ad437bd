using Microsoft.Win32.SafeHandles;
using Octavo.ServingRuntime.Fetch.Sources;

namespace Octavo.ServingRuntime.Fetch.Transfer;

/// <summary>One file on its way: where it is written, which parts are open, and who writes it whole where ranges cannot be had.</summary>
internal sealed class FileDownload : IDisposable
{
    private readonly Lock gate = new();
    private readonly SafeFileHandle handle;
    private readonly DownloadJournal journal;
    private DownloadPart? whole;
    private int open;

    private FileDownload(SourceFile file, string path, SafeFileHandle handle, DownloadJournal journal, long present)
    {
        File = file;
        Path = path;
        this.handle = handle;
        this.journal = journal;
        Present = present;
    }

    public SourceFile File { get; }

    public string Path { get; }

    /// <summary>Bytes that an earlier run left.</summary>
    public long Present { get; }

    /// <summary>Times that the whole content was not what its digest says.</summary>
    public int Mismatches { get; set; }

    /// <summary>Opens the file at the state that the journal notes. The parts are what is missing.</summary>
    public static (FileDownload Download, IReadOnlyList<DownloadPart> Parts) Open(SourceFile file, string folder, DownloadJournal journal, long partBytes)
    {
        var path = System.IO.Path.Combine(folder, file.Path);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        var (ranges, _) = journal.Find(file);
        var resumes = ranges.Total > 0 && file.Size is { } size && System.IO.File.Exists(path) && new FileInfo(path).Length == size;
        if (!resumes)
        {
            ranges = new RangeSet();
            journal.Begin(file);
        }

        var handle = System.IO.File.OpenHandle(path, resumes ? FileMode.Open : FileMode.Create, FileAccess.Write, FileShare.Read, FileOptions.Asynchronous);
        if (!resumes && file.Size is { } length)
        {
            RandomAccess.SetLength(handle, length);
        }

        var download = new FileDownload(file, path, handle, journal, ranges.Total);
        return (download, download.Plan(ranges, partBytes));
    }

    /// <summary>The content was not what its digest says: all of it comes again.</summary>
    public IReadOnlyList<DownloadPart> Restart(long partBytes)
    {
        journal.Begin(File);
        RandomAccess.SetLength(handle, 0);
        RandomAccess.SetLength(handle, File.Size ?? 0);
        return Plan(new RangeSet(), partBytes);
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, long position, CancellationToken cancellationToken) => RandomAccess.WriteAsync(handle, bytes, position, cancellationToken);

    /// <summary>Puts the bytes on disk, then notes them.</summary>
    public void Commit(long start, long end)
    {
        if (end > start)
        {
            RandomAccess.FlushToDisk(handle);
            journal.Add(File, start, end);
        }
    }

    /// <summary>
    /// The source serves no ranges of this file: one part becomes the whole file, the others are given up. False where another part was first.
    /// </summary>
    public bool TryTakeWhole(DownloadPart part)
    {
        lock (gate)
        {
            if (whole is null)
            {
                whole = part;
                open = 1;
                part.BecomeWhole(File.Size);
            }

            return whole == part;
        }
    }

    public bool IsGivenUp(DownloadPart part)
    {
        lock (gate)
        {
            return whole is not null && whole != part;
        }
    }

    /// <summary>True for the part that was the last one: the file is whole then.</summary>
    public bool Finish(DownloadPart part)
    {
        lock (gate)
        {
            return (whole is null || whole == part) && --open == 0;
        }
    }

    public void Complete(string sha256) => journal.Complete(File, sha256);

    public void Dispose() => handle.Dispose();

    private List<DownloadPart> Plan(RangeSet ranges, long partBytes)
    {
        List<DownloadPart> parts = File.Size is { } size ? [.. ranges.Missing(size, partBytes).Select(r => new DownloadPart(this, r.Start, r.End))] : [new DownloadPart(this, 0, null)];
        lock (gate)
        {
            whole = null;
            open = parts.Count;
        }

        return parts;
    }
}
