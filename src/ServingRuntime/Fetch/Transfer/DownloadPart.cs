namespace Octavo.ServingRuntime.Fetch.Transfer;

/// <summary>Bytes of a file that one worker brings, in as many requests as it takes.</summary>
/// <param name="download">The file.</param>
/// <param name="start">The first byte.</param>
/// <param name="end">The byte after the last; null: to the end, wherever that is.</param>
internal sealed class DownloadPart(FileDownload download, long start, long? end)
{
    public FileDownload Download { get; } = download;

    public long? End { get; private set; } = end;

    /// <summary>The next byte to write.</summary>
    public long Position { get; set; } = start;

    /// <summary>Up to here the journal knows.</summary>
    public long Noted { get; set; } = start;

    public void BecomeWhole(long? size) => (Position, Noted, End) = (0, 0, size);
}
