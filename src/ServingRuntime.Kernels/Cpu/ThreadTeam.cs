using System.Runtime.ExceptionServices;
using Octavo.ServingRuntime.Kernels.Cpu.Topology;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// Threads that work through one parallel section after another; the caller is one of them. A section is divided into parts beforehand. A thread takes its own parts
/// (<see cref="PartRanges"/>), whose weights its cache and its memory node hold, and then what others have not begun: the caller waits only for parts that
/// another thread has begun, never for a thread that the system has not let run. So a machine with too few free cores costs speed but does not stall a step.
/// <para>Idle workers spin for some microseconds, since the next section of the same step comes at once, and then sleep. A section allocates nothing.</para>
/// </summary>
internal sealed class ThreadTeam : IDisposable
{
    public const int MaxParts = PartRanges.MaxParts;

    // About 15 µs: longer than the gap between two operations of a step, shorter than would hurt neighbours on the machine.
    private const int SpinRounds = 60;
    private const int SpinIterations = 7;

    // After 2^k sections in a row that woke a worker for nothing, the next 2^k do not.
    private const int MaxBackOff = 6;

    // A thread wakes so many others, each of which wakes as many: waking one takes microseconds, and a machine may have hundreds.
    private const int WakesEach = 8;
    private const int ManyPartsPerThread = 16;
    private readonly PartRanges ranges;
    private readonly ThreadPlacement? placement;

    // [thread - 1]
    private readonly Worker[] workers;
    private Action<int, int>? work;
    private ExceptionDispatchInfo? failure;

    // Parts that are not yet done.
    private PaddedLong pending;
    private int missedWakes;
    private int sectionsWithoutWake;
    private volatile bool stopping;

    /// <param name="size">Threads, the caller included.</param>
    /// <param name="placement">Where workers are to run; null: wherever the system likes.</param>
    public ThreadTeam(int size, ThreadPlacement? placement = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        Size = size;
        this.placement = placement;
        ranges = new PartRanges(size);
        workers = new Worker[size - 1];
        for (var i = 0; i < workers.Length; i++)
        {
            workers[i] = new Worker();
        }

        for (var thread = 1; thread < size; thread++)
        {
            var own = thread;
            var worker = workers[thread - 1];
            worker.Thread = new Thread(() => WorkLoop(own, worker)) { IsBackground = true, Name = $"octavo-cpu-{thread}" };
            worker.Thread.Start();
        }
    }

    /// <summary>Threads, the caller included.</summary>
    public int Size { get; }

    /// <summary>
    /// Parts to divide so many items into where each takes long: some for each thread, no smaller than asked for where that leaves one. A multiple of
    /// <see cref="Size"/>, as all divisions of long work are, so that a thread's own items are the same in all of them.
    /// </summary>
    public int PartsOf(int items, int least = 1) => Size * Math.Clamp(items / (least * Size), 1, Math.Clamp(MaxParts / Size, 1, ManyPartsPerThread));

    /// <summary>Calls work(part, parts) once for each part and returns when all are done; rethrows the first exception. One section at a time, from one thread at a time.</summary>
    /// <param name="work">May run on any thread of the team, several at once.</param>
    /// <param name="parts">1 to <see cref="MaxParts"/>. A multiple of <see cref="Size"/> divides whatever is divided evenly by parts among the threads in the same way.</param>
    /// <param name="wake">Whether the section is worth waking workers that sleep; those that are awake help anyway.</param>
    /// <exception cref="InvalidOperationException">Called from inside of a section.</exception>
    public void Run(Action<int, int> work, int parts, bool wake = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parts, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(parts, MaxParts);
        if (parts == 1)
        {
            work(0, 1);
            return;
        }

        if (Interlocked.CompareExchange(ref pending.Value, parts, 0) != 0)
        {
            throw new InvalidOperationException("a section of this team is under way");
        }

        this.work = work;
        failure = null;
        var section = ranges.Begin(parts, wake && IsWakeWorthwhile());
        var woken = section.Wakes && WakeOthers(0);
        var own = RunParts(section, 0);
        var spin = default(SpinWait);
        while (Volatile.Read(ref pending.Value) != 0)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }

        // Whoever is late claims nothing any more, and only a claim leads to it.
        this.work = null;
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
        ranges.Begin(parts: 0, wakes: false);
        foreach (var worker in workers)
        {
            worker.Wake.Set();
            worker.Thread!.Join();
            worker.Wake.Dispose();
        }
    }

    private bool IsWakeWorthwhile()
    {
        if (missedWakes <= 1 || sectionsWithoutWake == 0)
        {
            return true;
        }

        sectionsWithoutWake--;
        return false;
    }

    /// <summary>Wakes those that it falls to this thread to wake. One that still spins sees the section by itself.</summary>
    private bool WakeOthers(int thread)
    {
        var woken = false;
        var end = Math.Min((long)workers.Length, ((long)thread + 1) * WakesEach);
        for (var i = (long)thread * WakesEach; i < end; i++)
        {
            var worker = workers[i];
            if (Volatile.Read(ref worker.Parked) == 1 && Interlocked.Exchange(ref worker.Parked, 0) == 1)
            {
                worker.Wake.Set();
                woken = true;
            }
        }

        return woken;
    }

    private void WorkLoop(int thread, Worker worker)
    {
        placement?.Pin(thread);
        var section = default(Section);
        while (true)
        {
            AwaitSection(worker, section);
            section = ranges.Current;
            if (stopping)
            {
                return;
            }

            if (section.Wakes)
            {
                WakeOthers(thread);
            }

            RunParts(section, thread);
        }
    }

    private void AwaitSection(Worker worker, Section seen)
    {
        for (var round = 0; round < SpinRounds; round++)
        {
            if (ranges.Current != seen)
            {
                return;
            }

            Thread.SpinWait(SpinIterations);
        }

        while (true)
        {
            // A full fence, as the begin of a section is: either its thread sees the announcement, or this one the section and takes the announcement back.
            Interlocked.Exchange(ref worker.Parked, 1);
            if (ranges.Current != seen && Interlocked.Exchange(ref worker.Parked, 0) == 1)
            {
                return;
            }

            // Whoever takes an announcement sets the event, once. One that is late, of a section before, has woken it for nothing: then it is announced anew.
            worker.Wake.WaitOne();
            if (ranges.Current != seen)
            {
                return;
            }
        }
    }

    /// <summary>Claims and runs parts until none is left: first the thread's own, then those of the threads on its node, then those of all others.</summary>
    /// <returns>How many.</returns>
    private int RunParts(Section section, int thread)
    {
        var ran = RunRange(section, thread, fromEnd: false);
        var (begin, end) = placement?.Neighbours(thread) ?? (0, Size);
        var near = end - begin;
        for (var step = 1; step < Size; step++)
        {
            var owner = step < near ? begin + ((thread - begin + step) % near) : (end + step - near) % Size;
            ran += RunRange(section, owner, fromEnd: true);
        }

        return ran;
    }

    private int RunRange(Section section, int owner, bool fromEnd)
    {
        var ran = 0;
        for (var part = ranges.Claim(section, owner, fromEnd); part != PartRanges.None; part = ranges.Claim(section, owner, fromEnd))
        {
            try
            {
                work!(part, section.Parts);
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(exception), null);
            }

            ran++;
        }

        // Once for all of them, and before others' ranges are looked at: the line is everybody's.
        if (ran > 0)
        {
            Interlocked.Add(ref pending.Value, -ran);
        }

        return ran;
    }

    private sealed class Worker
    {
        public int Parked;

        public AutoResetEvent Wake { get; } = new(initialState: false);

        public Thread? Thread { get; set; }
    }
}
