namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>The door: counts what is in flight, turns away what the queue has no room for, and when the engine drains everything. Safe to use from several threads.</summary>
internal sealed class Admission(AsyncLlmOptions options)
{
    private readonly Lock gate = new();
    private TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int inFlight;
    private int unstarted;
    private long unstartedTokens;
    private TimeSpan lastQueueTime;
    private bool draining;

    public int InFlight
    {
        get
        {
            lock (gate)
            {
                return inFlight;
            }
        }
    }

    public bool IsDraining
    {
        get
        {
            lock (gate)
            {
                return draining;
            }
        }
    }

    /// <summary>Lets a request in, or says why not.</summary>
    /// <param name="promptTokens">Of the prompt.</param>
    /// <param name="answers">How many answers it asks for; each leaves by itself.</param>
    /// <exception cref="RequestRejectedException">The queue is full, or the engine drains.</exception>
    public void Enter(int promptTokens, int answers)
    {
        lock (gate)
        {
            var tokens = (long)promptTokens * answers;
            var started = inFlight - unstarted;
            var mustWait = Math.Max(0, unstarted + answers - Math.Max(0, options.MaxNumSeqs - started));
            RejectionReason? reason = draining ? RejectionReason.Draining
                : mustWait > options.MaxQueuedRequests ? RejectionReason.QueueFull
                : unstarted > 0 && unstartedTokens + tokens > options.MaxQueuedTokens ? RejectionReason.QueuedTokens
                : null;
            if (reason is { } why)
            {
                throw new RequestRejectedException(why, TimeSpan.FromSeconds(Math.Clamp(Math.Ceiling(lastQueueTime.TotalSeconds), 1, 30)));
            }

            inFlight += answers;
            unstarted += answers;
            unstartedTokens += tokens;
        }
    }

    /// <summary>An answer no longer waits. To be called once an answer.</summary>
    /// <param name="promptTokens">As given to <see cref="Enter"/>.</param>
    /// <param name="queueTime">How long it waited, where that is known.</param>
    public void NoteStarted(int promptTokens, TimeSpan? queueTime)
    {
        lock (gate)
        {
            unstarted--;
            unstartedTokens -= promptTokens;
            lastQueueTime = queueTime ?? lastQueueTime;
        }
    }

    /// <summary>An answer has ended, or will never come; it must have been noted as started before.</summary>
    public void Leave()
    {
        lock (gate)
        {
            if (--inFlight == 0 && draining)
            {
                idle.TrySetResult();
            }
        }
    }

    /// <summary>Lets nothing in any more.</summary>
    /// <returns>Ends when nothing is in flight.</returns>
    public Task Drain()
    {
        lock (gate)
        {
            draining = true;
            if (inFlight == 0)
            {
                idle.TrySetResult();
            }

            return idle.Task;
        }
    }

    /// <summary>Opens the door again.</summary>
    public void Resume()
    {
        lock (gate)
        {
            draining = false;
            if (idle.Task.IsCompleted)
            {
                idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }
}
