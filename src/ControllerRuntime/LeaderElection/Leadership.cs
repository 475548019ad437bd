namespace Octavo.ControllerRuntime.LeaderElection;

/// <summary>Whether this process leads, for everything in it that only the leader may do.</summary>
public sealed class Leadership
{
    private readonly Lock gate = new();
    private readonly HashSet<Task> working = [];
    private TaskCompletionSource<Term> term = NewTerm();

    public bool IsLeader
    {
        get
        {
            lock (gate)
            {
                return term.Task.IsCompletedSuccessfully && !term.Task.Result.Token.IsCancellationRequested;
            }
        }
    }

    /// <summary>
    /// Runs <paramref name="work"/> in every term of leadership, with a token that ends with the term, until cancelled or until the work ends by itself
    /// within a term. An exception of the work comes out, except its answer to the end of a term.
    /// </summary>
    public async Task RunWhileLeadingAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        while (true)
        {
            var current = await NextTerm().WaitAsync(cancellationToken).ConfigureAwait(false);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, current.Token);
            var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Task? running = null;
            lock (gate)
            {
                // Checked under the lock under which the term's end collects whom it waits for.
                if (!current.Token.IsCancellationRequested)
                {
                    running = RunAsync(start.Task, work, linked.Token);
                    working.Add(running);
                }
            }

            if (running is not null)
            {
                start.SetResult();
                try
                {
                    await running.ConfigureAwait(false);
                    if (!current.Token.IsCancellationRequested)
                    {
                        return;
                    }
                }
                catch (OperationCanceledException) when (current.Token.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
                {
                }
                finally
                {
                    lock (gate)
                    {
                        working.Remove(running);
                    }
                }
            }

            await current.Over.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A term begins; returns when it is over and all work of the leader has ended.</summary>
    internal async Task LeadAsync(CancellationToken cancellationToken)
    {
        var current = new Term(cancellationToken, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (gate)
        {
            term.SetResult(current);
        }

        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellationToken.Register(over.SetResult).ConfigureAwait(false);
        await over.Task.ConfigureAwait(false);
        Task[] left;
        lock (gate)
        {
            term = NewTerm();
            left = [.. working];
        }

        current.Over.SetResult();

        await Task.WhenAll(left).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).ConfigureAwait(false);
    }

    private static TaskCompletionSource<Term> NewTerm() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static async Task RunAsync(Task start, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        await start.ConfigureAwait(false);
        await work(cancellationToken).ConfigureAwait(false);
    }

    private Task<Term> NextTerm()
    {
        lock (gate)
        {
            return term.Task;
        }
    }

    /// <param name="Token">Cancelled when the lease is lost.</param>
    /// <param name="Over">Completed when the next term can be waited for.</param>
    private sealed record Term(CancellationToken Token, TaskCompletionSource Over);
}
