using System.Globalization;
using Octavo.ServingContract;

namespace Octavo.ServingRuntime.Fetch.Transfer;

/// <summary>A line every few seconds, as logs want them: bytes, share, rate, and the time left at that rate.</summary>
internal sealed class TransferProgress : IDisposable
{
    /// <summary>Weight of the newest interval in the rate shown.</summary>
    private const double Newest = 0.4;

    private readonly FetchEnvironment environment;
    private readonly ITimer timer;
    private readonly long begun;
    private readonly long present;
    private readonly Lock gate = new();
    private long done;
    private long received;
    private long lastReceived;
    private long lastAt;
    private double? rate;

    /// <param name="environment">Clock and log.</param>
    /// <param name="interval">Between two lines.</param>
    /// <param name="total">Bytes of all files as far as known.</param>
    /// <param name="present">Bytes that an earlier run left.</param>
    public TransferProgress(FetchEnvironment environment, TimeSpan interval, long total, long present)
    {
        this.environment = environment;
        Total = total;
        done = this.present = present;
        begun = lastAt = environment.Time.GetTimestamp();
        timer = environment.Time.CreateTimer(_ => environment.Say(Line()), null, interval, interval);
    }

    public long Total { get; }

    /// <summary>Bytes that came over the network.</summary>
    public long Received => Interlocked.Read(ref received);

    public void Add(long bytes)
    {
        Interlocked.Add(ref done, bytes);
        Interlocked.Add(ref received, bytes);
    }

    /// <summary>Bytes that turned out to be worth nothing.</summary>
    public void TakeBack(long bytes) => Interlocked.Add(ref done, -bytes);

    public string Line()
    {
        lock (gate)
        {
            var now = environment.Time.GetTimestamp();
            var seconds = environment.Time.GetElapsedTime(lastAt, now).TotalSeconds;
            var came = Received;
            if (seconds > 0)
            {
                var current = (came - lastReceived) / seconds;
                rate = rate is { } before ? (Newest * current) + ((1 - Newest) * before) : current;
                (lastAt, lastReceived) = (now, came);
            }

            var here = Interlocked.Read(ref done);
            var share = Total > 0 ? string.Create(CultureInfo.InvariantCulture, $" of {Bytes(Total)} ({Math.Min(100, 100.0 * here / Total):F0}%)") : "";
            var left = rate is > 1 && Total > here ? $", about {Duration(TimeSpan.FromSeconds((Total - here) / rate.Value))} left" : "";
            return $"{Bytes(here)}{share}, {Bytes((long)(rate ?? 0))}/s{left}";
        }
    }

    /// <summary>For programs: the same figures as <see cref="Line"/>, and before its first interval the mean since the beginning.</summary>
    public FetchProgress Snapshot(string? revision)
    {
        lock (gate)
        {
            var here = Math.Max(0, Interlocked.Read(ref done));
            var perSecond = rate ?? (Received / Math.Max(environment.Time.GetElapsedTime(begun).TotalSeconds, 0.001));
            return new FetchProgress
            {
                Phase = FetchPhase.Downloading,
                Bytes = here,
                TotalBytes = Total > 0 ? Total : null,
                BytesPerSecond = (long)perSecond,
                RemainingSeconds = perSecond > 1 && Total > here ? (long)Math.Ceiling((Total - here) / perSecond) : null,
                Revision = revision,
            };
        }
    }

    /// <summary>The end's line.</summary>
    public string Summary()
    {
        var seconds = Math.Max(environment.Time.GetElapsedTime(begun).TotalSeconds, 0.001);
        var before = present > 0 ? $" ({Bytes(present)} were here from an earlier run)" : "";
        return $"{Bytes(Received)} in {Duration(TimeSpan.FromSeconds(seconds))}, {Bytes((long)(Received / seconds))}/s{before}";
    }

    public void Dispose() => timer.Dispose();

    public static string Bytes(long bytes) => bytes switch
    {
        < 1L << 10 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 1L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 10):F1} KiB"),
        < 1L << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 20):F1} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):F2} GiB"),
    };

    private static string Duration(TimeSpan span) => span switch
    {
        { TotalSeconds: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds:F0} s"),
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalMinutes} min {span.Seconds} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)Math.Min(span.TotalHours, 9999)} h {span.Minutes} min"),
    };
}
