using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch.Cache;

namespace Octavo.ServingRuntime.Fetch.Transfer;

/// <summary>Where a fetch stands, for whoever asks while it runs. The fetch writes, any thread reads.</summary>
internal sealed class ProgressBoard
{
    private readonly Lock gate = new();
    private FetchProgress latest = new() { Phase = FetchPhase.Listing };
    private TransferProgress? transfer;

    /// <summary>A phase begins; the bytes stay known.</summary>
    public void Enter(string phase)
    {
        lock (gate)
        {
            latest = Current() with { Phase = phase, BytesPerSecond = null, RemainingSeconds = null };
            transfer = null;
        }
    }

    /// <summary>Bytes are brought, and counted by <paramref name="progress"/>.</summary>
    public void Follow(TransferProgress progress, string? revision)
    {
        lock (gate)
        {
            latest = latest with { Revision = revision };
            transfer = progress;
        }
    }

    public void Finish(CompleteMarker marker)
    {
        lock (gate)
        {
            var bytes = marker.Files.Sum(f => f.Size);
            (latest, transfer) = (new FetchProgress { Phase = FetchPhase.Complete, Bytes = bytes, TotalBytes = bytes, Revision = marker.Revision, Sha256 = marker.Sha256 }, null);
        }
    }

    public FetchProgress Read()
    {
        lock (gate)
        {
            return Current();
        }
    }

    /// <summary>For a sentence: how much is here; empty where nobody knows how much there is.</summary>
    public string Amount() => Read() is { TotalBytes: { } total } progress ? $" ({TransferProgress.Bytes(progress.Bytes)} of {TransferProgress.Bytes(total)} are here)" : "";

    private FetchProgress Current() => transfer?.Snapshot(latest.Revision) ?? latest;
}
