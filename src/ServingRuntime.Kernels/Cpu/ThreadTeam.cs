using System.Numerics;
using System.Runtime.ExceptionServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// Threads that work through one parallel section after another; the caller is one of them. A section is divided into parts beforehand, and whoever
/// is free claims the next: the caller waits only for parts that another thread has begun, never for a thread that the system has not let run.
/// So a machine with too few free cores costs speed but does not stall a step. Each thread looks at its own parts first, whose weights its cache holds.
/// <para>Idle workers spin for some microseconds, since the next section of the same step comes at once, and then sleep. A section allocates nothing.</para>
/// </summary>
internal sealed class ThreadTeam : IDisposable
{
    public const int MaxParts = 32;

    // About 15 µs: longer than the gap between two operations of a step, shorter than would hurt neighbours on the machine.
    private const int SpinRounds = 60;
    private const int SpinIterations = 7;

    // After 2^k sections in a row that woke a worker for nothing, the next 2^k do not.
    private const int MaxBackOff = 6;
    private readonly Worker[] workers;
    private Action<int, int>? section;
    private int sectionParts;
    private ExceptionDispatchInfo? failure;

    // The section's number in the high half, a bit for each part that nobody has claimed in the low one: whoever changes it has read
    // the section that it belongs to, for the next one cannot begin while a part is unclaimed.
    private long ticket;
    private int pending;
    private int missedWakes;
    private int sectionsWithoutWake;
    private volatile bool stopping;

    public ThreadTeam(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        Size = size;
        workers = new Worker[size - 1];
        for (var i = 0; i < workers.Length; i++)
        {
            workers[i] = new Worker();
            var index = i;
            workers[i].Thread = new Thread(() => WorkLoop(index)) { IsBackground = true, Name = $"octavo-cpu-{index + 1}" };
            workers[i].Thread!.Start();
        }
    }

    /// <summary>Threads, the caller included.</summary>
    public int Size { get; }

    /// <summary>Calls work(part, parts) once for each part and returns when all are done; rethrows the first exception. Not re-entrant.</summary>
    /// <param name="work">May run on any thread of the team, several at once.</param>
    /// <param name="parts">1 to <see cref="MaxParts"/>.</param>
    /// <param name="wake">Whether the section is worth waking workers that sleep; those that are awake help anyway.</param>
    public void Run(Action<int, int> work, int parts, bool wake = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parts, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(parts, MaxParts);
        if (workers.Length == 0 || parts == 1)
        {
            for (var part = 0; part < parts; part++)
            {
                work(part, parts);
            }

            return;
        }

        section = work;
        sectionParts = parts;
        failure = null;
        Volatile.Write(ref pending, parts);
        Interlocked.Exchange(ref ticket, ((ticket >> 32) + 1) << 32 | (uint)(ulong.MaxValue >> (64 - parts)));
        var woken = wake && WakeWorkers();
        var own = RunParts(0);
        var spin = default(SpinWait);
        while (Volatile.Read(ref pending) != 0)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }

        if (own < parts)
        {
            missedWakes = 0;
        }
        else if (woken)
        {
            missedWakes = Math.Min(missedWakes + 1, MaxBackOff);
            sectionsWithoutWake = 1 << missedWakes;
        }

        failure?.Throw();
    }

    public void Dispose()
    {
        if (stopping)
        {
            return;
        }

        stopping = true;
        Interlocked.Add(ref ticket, 1L << 32);
        foreach (var worker in workers)
        {
            worker.Wake.Set();
            worker.Thread!.Join();
            worker.Wake.Dispose();
        }
    }

    private bool WakeWorkers()
    {
        if (missedWakes > 1 && sectionsWithoutWake > 0)
        {
            sectionsWithoutWake--;
            return false;
        }

        var woken = false;
        foreach (var worker in workers)
        {
            // A worker that says it sleeps is woken; one that still spins sees the section by itself.
            if (Volatile.Read(ref worker.Parked) == 1 && Interlocked.Exchange(ref worker.Parked, 0) == 1)
            {
                worker.Wake.Set();
                woken = true;
            }
        }

        return woken;
    }

    private void WorkLoop(int index)
    {
        var worker = workers[index];
        var seen = 0L;
        while (true)
        {
            AwaitSection(worker, seen);
            seen = Volatile.Read(ref ticket) >> 32;
            if (stopping)
            {
                return;
            }

            RunParts(index + 1);
        }
    }

    private void AwaitSection(Worker worker, long seen)
    {
        for (var round = 0; round < SpinRounds; round++)
        {
            if (Volatile.Read(ref ticket) >> 32 != seen)
            {
                return;
            }

            Thread.SpinWait(SpinIterations);
        }

        Interlocked.Exchange(ref worker.Parked, 1);

        // Between the last look and the announcement a section may have begun without a wake-up; then the announcement is taken back,
        // unless the caller has seen it meanwhile and the wake-up is on its way.
        while (Volatile.Read(ref ticket) >> 32 == seen || Interlocked.Exchange(ref worker.Parked, 0) == 0)
        {
            worker.Wake.WaitOne();
            if (Volatile.Read(ref ticket) >> 32 != seen)
            {
                return;
            }
        }
    }

    /// <summary>Claims and runs parts until none is left.</summary>
    /// <returns>How many.</returns>
    private int RunParts(int worker)
    {
        var ran = 0;
        var current = Volatile.Read(ref ticket);
        while ((uint)current != 0)
        {
            var work = section!;
            var parts = sectionParts;
            var part = Choose((uint)current, worker * parts / Size);
            var seen = Interlocked.CompareExchange(ref ticket, current & ~(1L << part), current);
            if (seen != current)
            {
                current = seen;
                continue;
            }

            try
            {
                work(part, parts);
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(exception), null);
            }

            ran++;
            Interlocked.Decrement(ref pending);
            current = Volatile.Read(ref ticket);
        }

        return ran;
    }

    /// <summary>The first unclaimed part from the thread's own ones on, cyclically.</summary>
    private static int Choose(uint unclaimed, int first)
    {
        var later = unclaimed & (uint.MaxValue << first);
        return BitOperations.TrailingZeroCount(later != 0 ? later : unclaimed);
    }

    private sealed class Worker
    {
        public int Parked;

        public AutoResetEvent Wake { get; } = new(initialState: false);

        public Thread? Thread { get; set; }
    }
}
