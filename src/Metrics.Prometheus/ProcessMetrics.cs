using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Octavo.Metrics.Prometheus;

/// <summary>Prometheus' standard <c>process_*</c> families and the basics of the .NET runtime; read only when scraped.</summary>
internal sealed class ProcessMetrics
{
    public const string MeterName = "Octavo.Process";

    public ProcessMetrics(IMeterFactory factory)
    {
        var meter = factory.Create(MeterName);
        double startTime;
        using (var process = Process.GetCurrentProcess())
        {
            startTime = new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0;
        }

        meter.CreateObservableGauge("process_start_time_seconds", () => startTime, description: "Start time of the process since unix epoch in seconds.");
        meter.CreateObservableGauge("process_resident_memory_bytes", () => Environment.WorkingSet, description: "Resident memory size in bytes.");
        meter.CreateObservableCounter("process_cpu_seconds_total", () => Environment.CpuUsage.TotalTime.TotalSeconds, description: "Total user and system CPU time spent in seconds.");
        meter.CreateObservableGauge("dotnet_threadpool_threads", () => ThreadPool.ThreadCount, description: "Threads of the .NET thread pool.");
        meter.CreateObservableCounter("dotnet_gc_collections_total", Collections, description: "Garbage collections since the start of the process.");
        meter.CreateObservableCounter("dotnet_gc_allocated_bytes_total", () => GC.GetTotalAllocatedBytes(), description: "Bytes allocated on the managed heap since the start of the process.");
        meter.CreateObservableCounter("dotnet_gc_pause_seconds_total", () => GC.GetTotalPauseDuration().TotalSeconds, description: "Time that the process was paused by the garbage collector.");
        meter.CreateObservableGauge("dotnet_gc_heap_size_bytes", () => GC.GetTotalMemory(forceFullCollection: false), description: "Managed heap in use.");
        meter.CreateObservableGauge("dotnet_threadpool_queue_length", () => ThreadPool.PendingWorkItemCount, description: "Work items that wait for a thread of the pool.");
    }

    private static IEnumerable<Measurement<long>> Collections()
    {
        for (var generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            yield return new Measurement<long>(GC.CollectionCount(generation), new KeyValuePair<string, object?>("generation", generation));
        }
    }
}
