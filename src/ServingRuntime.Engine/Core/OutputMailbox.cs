using System.Threading.Tasks.Sources;

namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>
/// Where the engine's thread leaves the outputs of one request for its one reader. Two buffers change places, and the wait is a reusable value task that
/// is itself the work item which resumes the reader: in steady state neither side allocates. What has gathered while the reader was busy is taken at once.
/// </summary>
/// <param name="interval">How many outputs gather before the reader is woken, unless one is urgent.</param>
internal sealed class OutputMailbox(int interval) : IValueTaskSource, IThreadPoolWorkItem
{
    private readonly Lock gate = new();

    // Continuations run where SetResult is called, which is never the engine's thread: Execute calls it, on the pool.
    private ManualResetValueTaskSourceCore<bool> source;
    private EngineEvent[] filling = new EngineEvent[4];
    private EngineEvent[] reading = new EngineEvent[4];
    private int count;
    private bool waiting;
    private bool due;
    private Exception? end;

    /// <summary>Whether the engine's thread has added something since it last woke the reader; only that thread looks at it.</summary>
    public bool IsTouched { get; set; }

    /// <summary>Why no more outputs come; null while they may.</summary>
    public Exception? End
    {
        get
        {
            lock (gate)
            {
                return end;
            }
        }
    }

    /// <summary>Adds an output. The reader sleeps on until <see cref="Wake"/>.</summary>
    /// <param name="item">The output.</param>
    /// <param name="urgent">Whether the reader is to have it now, however few have gathered.</param>
    public void Add(in EngineEvent item, bool urgent)
    {
        lock (gate)
        {
            due |= urgent || count + 1 >= interval;
            if (count == filling.Length)
            {
                Array.Resize(ref filling, count * 2);
            }

            filling[count++] = item;
        }
    }

    public void Wake()
    {
        lock (gate)
        {
            if (!waiting || !due)
            {
                return;
            }

            waiting = false;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Says that nothing more comes, and why; the first reason stays. What has been added before can still be taken.</summary>
    public void Close(Exception why)
    {
        lock (gate)
        {
            end ??= why;
            due = true;
        }

        Wake();
    }

    /// <summary>Ends when enough has gathered, or the mailbox is closed. One wait at a time.</summary>
    public ValueTask WaitAsync()
    {
        lock (gate)
        {
            if (due || end is not null)
            {
                return ValueTask.CompletedTask;
            }

            source.Reset();
            waiting = true;
            return new ValueTask(this, source.Version);
        }
    }

    /// <summary>All that has been added since the last call, in order; valid until the next call.</summary>
    public ArraySegment<EngineEvent> Take()
    {
        lock (gate)
        {
            (filling, reading) = (reading, filling);
            var taken = new ArraySegment<EngineEvent>(reading, 0, count);
            count = 0;
            due = false;
            return taken;
        }
    }

    void IThreadPoolWorkItem.Execute() => source.SetResult(true);

    void IValueTaskSource.GetResult(short token) => source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => source.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => source.OnCompleted(continuation, state, token, flags);
}
