using System.Collections.Concurrent;

namespace Octavo.ServingRuntime.Engine.StructuredOutput;

/// <summary>A few threads of low priority with room on their stacks for deep grammars, and a bounded queue before them.</summary>
internal sealed class CompileWorkers : IDisposable
{
    private const int StackBytes = 64 * 1024 * 1024;

    private readonly BlockingCollection<Action> queue;
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Thread> threads = [];

    public CompileWorkers(int count, int maxQueued)
    {
        queue = new BlockingCollection<Action>(maxQueued);
        for (var i = 0; i < count; i++)
        {
            var thread = new Thread(Work, StackBytes) { IsBackground = true, Name = $"grammar-{i}", Priority = ThreadPriority.BelowNormal };
            threads.Add(thread);
            thread.Start();
        }
    }

    /// <summary>Cancelled when the workers are to end.</summary>
    public CancellationToken Stopping => stopping.Token;

    /// <returns>False where the queue is full.</returns>
    public bool TryPost(Action work) => !queue.IsAddingCompleted && queue.TryAdd(work);

    /// <summary>Lets what is under way end and waits for it; what is queued is still run, and fails at once.</summary>
    public void Dispose()
    {
        queue.CompleteAdding();
        stopping.Cancel();
        foreach (var thread in threads)
        {
            thread.Join();
        }

        queue.Dispose();
        stopping.Dispose();
    }

    private void Work()
    {
        foreach (var work in queue.GetConsumingEnumerable(CancellationToken.None))
        {
            work();
        }
    }
}
