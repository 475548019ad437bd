using Octavo.Gateway.Metrics;
using Octavo.Gateway.Routing;

namespace Octavo.Gateway.Waiting;

/// <summary>
/// Holds requests of models that have no endpoint to take them, first come first out, bounded in requests, bytes and time.
/// <para>When endpoints appear, requests leave in batches (<see cref="WaitingRoomOptions.ReleasePerEndpoint"/> per endpoint and interval), so that a
/// replica that has just started meets a queue and not a herd.</para>
/// </summary>
/// <param name="options">Bounds and pace.</param>
/// <param name="time">Clock of time-outs and pace.</param>
/// <param name="countAvailable">Endpoints of a route that take requests now, null where the route is gone; asked under the room's lock, so it must not call back.</param>
/// <param name="metrics">Counts what is held.</param>
internal sealed class WaitingRoom(WaitingRoomOptions options, TimeProvider time, Func<string, int?> countAvailable, GatewayMetrics metrics)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Line> lines = new(StringComparer.Ordinal);
    private bool closing;

    /// <summary>Waits until released, timed out or cancelled.</summary>
    /// <param name="route">Whose line to join.</param>
    /// <param name="bytes">Size of the body that is held meanwhile.</param>
    /// <param name="timeout">Longest wait.</param>
    /// <param name="pause">Not released earlier than this: for requests that come back from endpoints which do not answer.</param>
    /// <param name="cancellationToken">The client's.</param>
    public async Task<WaitOutcome> WaitAsync(ModelRoute route, long bytes, TimeSpan timeout, TimeSpan pause, CancellationToken cancellationToken)
    {
        if (timeout <= TimeSpan.Zero)
        {
            return WaitOutcome.TimedOut;
        }

        var waiter = new Waiter(bytes, time.GetTimestamp(), pause);
        Line line;
        lock (gate)
        {
            if (closing)
            {
                return WaitOutcome.Closing;
            }

            if (!lines.TryGetValue(route.Key, out line!))
            {
                lines[route.Key] = line = new Line(route.Key);
            }

            if (line.Waiters.Count >= options.MaxRequestsPerModel || line.Bytes + bytes > options.MaxBytesPerModel)
            {
                return WaitOutcome.Full;
            }

            waiter.Node = line.Waiters.AddLast(waiter);
            line.Bytes += bytes;
            // An endpoint may have come between the caller's look and this lock.
            StartPump(line);
        }

        metrics.Held(route.Model, 1);
        try
        {
            using var timer = time.CreateTimer(_ => Leave(line, waiter, WaitOutcome.TimedOut), null, timeout, Timeout.InfiniteTimeSpan);
            await using var registration = cancellationToken.Register(() => Leave(line, waiter, outcome: null));
            return await waiter.Completion.Task;
        }
        finally
        {
            metrics.Held(route.Model, -1);
        }
    }

    /// <summary>The directory or an endpoint's state has changed: lets the first batches go.</summary>
    public void Signal()
    {
        lock (gate)
        {
            foreach (var line in lines.Values.ToArray())
            {
                if (countAvailable(line.Key) is null)
                {
                    // Nothing will ever come: each request finds out for itself that its model is gone.
                    Empty(line, WaitOutcome.Released);
                    line.Pump?.Dispose();
                    lines.Remove(line.Key);
                }
                else if (!line.Pumping)
                {
                    ReleaseBatch(line);
                    StartPump(line);
                }
            }
        }
    }

    /// <summary>Requests held for a route now.</summary>
    public int CountHeld(string key)
    {
        lock (gate)
        {
            return lines.TryGetValue(key, out var line) ? line.Waiters.Count : 0;
        }
    }

    /// <summary>Sends everybody away, for a shutdown that must not wait for models.</summary>
    public void Close()
    {
        lock (gate)
        {
            closing = true;
            foreach (var line in lines.Values)
            {
                Empty(line, WaitOutcome.Closing);
            }
        }
    }

    private void StartPump(Line line)
    {
        if (line.Pumping || line.Waiters.Count == 0 || countAvailable(line.Key) is not > 0)
        {
            return;
        }

        line.Pump ??= time.CreateTimer(_ => Tick(line), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        line.Pumping = true;
        line.Pump.Change(options.ReleaseInterval, options.ReleaseInterval);
    }

    private void Tick(Line line)
    {
        lock (gate)
        {
            ReleaseBatch(line);
            if (line.Waiters.Count == 0 || countAvailable(line.Key) is not > 0)
            {
                line.Pumping = false;
                line.Pump!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void ReleaseBatch(Line line)
    {
        var places = (countAvailable(line.Key) ?? 0) * options.ReleasePerEndpoint;
        for (var node = line.Waiters.First; node is not null && places > 0;)
        {
            var next = node.Next;
            if (time.GetElapsedTime(node.Value.Since) >= node.Value.Pause)
            {
                Remove(line, node.Value, WaitOutcome.Released);
                places--;
            }

            node = next;
        }
    }

    private void Leave(Line line, Waiter waiter, WaitOutcome? outcome)
    {
        lock (gate)
        {
            Remove(line, waiter, outcome);
        }
    }

    private static void Empty(Line line, WaitOutcome outcome)
    {
        while (line.Waiters.First is { } node)
        {
            Remove(line, node.Value, outcome);
        }
    }

    // Completions run elsewhere (RunContinuationsAsynchronously), so nothing of a request runs under the lock.
    private static void Remove(Line line, Waiter waiter, WaitOutcome? outcome)
    {
        if (waiter.Node is not { } node)
        {
            return;
        }

        waiter.Node = null;
        line.Waiters.Remove(node);
        line.Bytes -= waiter.Bytes;
        if (outcome is { } value)
        {
            waiter.Completion.TrySetResult(value);
        }
        else
        {
            waiter.Completion.TrySetCanceled();
        }
    }

    private sealed class Line(string key)
    {
        public string Key { get; } = key;
        public LinkedList<Waiter> Waiters { get; } = [];
        public long Bytes { get; set; }
        public ITimer? Pump { get; set; }
        public bool Pumping { get; set; }
    }

    private sealed class Waiter(long bytes, long since, TimeSpan pause)
    {
        public long Bytes { get; } = bytes;
        public long Since { get; } = since;
        public TimeSpan Pause { get; } = pause;
        public LinkedListNode<Waiter>? Node { get; set; }
        public TaskCompletionSource<WaitOutcome> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
