using Microsoft.Extensions.Logging;
using Octavo.ServingRuntime.Kernels.Cuda.Device;
using Octavo.ServingRuntime.Kernels.Cuda.Native;

namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <summary>
/// Work that comes again and again in the same shape: done as it is until it takes no more memory (the first time, as a rule, which also loads every kernel, cuBLASLt's too: that may not happen within a
/// record), then recorded, and launched as one graph from then on. Any memory of the device that is freed begins it anew, since a graph names addresses. For one thread.
/// <para>A graph takes some megabytes of the device, by no call of ours and of no known size. So where memory runs short a new one takes the place of the one that was launched the longest ago, and where
/// there is none for it the work goes on as it is.</para>
/// </summary>
internal sealed partial class GraphReplay(CudaDevice device, CudaStream stream, ILogger logger) : IDisposable
{
    // A graph of a large model's step is some hundred kilobytes of host memory.
    private const int MostGraphs = 512;
    private const int MostFailures = 3;

    // What is left to all else that may want memory after the start.
    private readonly long reserve = Math.Min(256L << 20, device.TotalBytes / 64);
    private readonly Dictionary<(Action Work, long Shape), Entry> entries = [];
    private long runs;

    /// <summary>Graphs that are ready.</summary>
    public int Count => entries.Values.Count(entry => entry.Graph is not null);

    public void Run(long shape, Action work)
    {
        if (!entries.TryGetValue((work, shape), out var entry))
        {
            Limit();
            entries.Add((work, shape), entry = new Entry());
        }

        entry.LastRun = ++runs;
        var now = stream.Context.Frees;
        if (entry.Failures == MostFailures)
        {
            work();
        }
        else if (entry.Frees != now)
        {
            entry.Drop();
            var taken = stream.Context.Allocations;
            work();
            entry.Frees = stream.Context.Frees == now && stream.Context.Allocations == taken ? now : Entry.Unsettled;
        }
        else if (entry.Graph is { } graph)
        {
            graph.Launch(stream);
        }
        else
        {
            Record(entry, shape, work);
        }
    }

    public void Dispose()
    {
        foreach (var entry in entries.Values)
        {
            entry.Drop();
        }

        entries.Clear();
    }

    private void Record(Entry entry, long shape, Action work)
    {
        if (device.FreeBytes() < reserve && Oldest(ready: true) is { Value: { } oldest })
        {
            oldest.Drop();
        }

        stream.BeginCapture();
        try
        {
            work();
        }
        catch (CudaException exception) when (CudaErrors.IsOfCapture(exception.Code))
        {
            stream.AbandonCapture();
            Forgo(entry, shape, exception);
            work();
            return;
        }
        catch
        {
            stream.AbandonCapture();
            throw;
        }

        try
        {
            entry.Graph = stream.EndCapture();

            // The first launch brings the graph to the device, which may have no room for it.
            entry.Graph.Launch(stream);
        }
        catch (CudaException exception) when (CudaErrors.IsOfCapture(exception.Code) || exception.Code == CudaErrors.OutOfMemory)
        {
            entry.Drop();
            Forgo(entry, shape, exception);
            work();
        }
    }

    private void Forgo(Entry entry, long shape, CudaException exception)
    {
        entry.Frees = Entry.Unsettled;
        if (++entry.Failures == MostFailures)
        {
            LogRefused(logger, shape, exception.Message);
        }
    }

    private void Limit()
    {
        if (entries.Count == MostGraphs && Oldest(ready: false) is { Value: { } oldest } pair)
        {
            oldest.Drop();
            entries.Remove(pair.Key);
        }
    }

    /// <summary>What was run the longest ago; default: there is none.</summary>
    /// <param name="ready">Of those that have a graph.</param>
    private KeyValuePair<(Action Work, long Shape), Entry> Oldest(bool ready) => entries.Where(pair => !ready || pair.Value.Graph is not null).OrderBy(pair => pair.Value.LastRun).FirstOrDefault();

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Steps of shape {Shape:x} cannot be recorded and go on kernel by kernel: {Reason}")]
    private static partial void LogRefused(ILogger logger, long shape, string reason);

    private sealed class Entry
    {
        public const long Unsettled = -1;

        /// <summary>Of the context, when the work was last done as it is and left its memory alone.</summary>
        public long Frees { get; set; } = Unsettled;

        public CudaGraph? Graph { get; set; }

        public int Failures { get; set; }

        public long LastRun { get; set; }

        public void Drop()
        {
            Graph?.Dispose();
            Graph = null;
        }
    }
}
