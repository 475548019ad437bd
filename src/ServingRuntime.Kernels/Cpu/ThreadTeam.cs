using System.Runtime.ExceptionServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// Threads that work through one parallel section after another. The caller is worker 0. Workers spin for some microseconds after a section,
/// since the next one of the same step comes at once, and then sleep. A section allocates nothing.
/// </summary>
internal sealed class ThreadTeam : IDisposable
{
    // About 15 µs: longer than the gap between two operations of a step, shorter than would hurt neighbours on the machine.
    private const int SpinRounds = 60;
    private const int SpinIterations = 7;
    private readonly Worker[] workers;
    private Action<int, int>? section;
    private ExceptionDispatchInfo? failure;
    private int generation;
    private int pending;
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

    public int Size { get; }

    /// <summary>Calls section(worker, Size) once on each worker and returns when all have; rethrows the first exception. Not re-entrant.</summary>
    public void Run(Action<int, int> work)
    {
        if (workers.Length == 0)
        {
            work(0, 1);
            return;
        }

        section = work;
        failure = null;
        Volatile.Write(ref pending, workers.Length);
        Interlocked.Increment(ref generation);
        foreach (var worker in workers)
        {
            // A worker that says it sleeps is woken; one that still spins sees the generation by itself.
            if (Interlocked.Exchange(ref worker.Parked, 0) == 1)
            {
                worker.Wake.Set();
            }
        }

        RunSection(work, 0);
        var spin = default(SpinWait);
        while (Volatile.Read(ref pending) != 0)
        {
            spin.SpinOnce(sleep1Threshold: -1);
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
        Interlocked.Increment(ref generation);
        foreach (var worker in workers)
        {
            worker.Wake.Set();
            worker.Thread!.Join();
            worker.Wake.Dispose();
        }
    }

    private void WorkLoop(int index)
    {
        var worker = workers[index];
        var seen = 0;
        while (true)
        {
            AwaitGeneration(worker, seen);
            seen = Volatile.Read(ref generation);
            if (stopping)
            {
                return;
            }

            RunSection(section!, index + 1);
            Interlocked.Decrement(ref pending);
        }
    }

    private void AwaitGeneration(Worker worker, int seen)
    {
        for (var round = 0; round < SpinRounds; round++)
        {
            if (Volatile.Read(ref generation) != seen)
            {
                return;
            }

            Thread.SpinWait(SpinIterations);
        }

        Interlocked.Exchange(ref worker.Parked, 1);

        // Between the last look and the announcement a section may have begun without a wake-up; then the announcement is taken back,
        // unless the caller has seen it meanwhile and the wake-up is on its way.
        while (Volatile.Read(ref generation) == seen || Interlocked.Exchange(ref worker.Parked, 0) == 0)
        {
            worker.Wake.WaitOne();
            if (Volatile.Read(ref generation) != seen)
            {
                return;
            }
        }
    }

    private void RunSection(Action<int, int> work, int worker)
    {
        try
        {
            work(worker, Size);
        }
        catch (Exception exception)
        {
            Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(exception), null);
        }
    }

    private sealed class Worker
    {
        public int Parked;

        public AutoResetEvent Wake { get; } = new(initialState: false);

        public Thread? Thread { get; set; }
    }
}
