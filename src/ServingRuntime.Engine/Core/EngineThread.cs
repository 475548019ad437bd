using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Octavo.ServingRuntime.Engine.Metrics;

namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>An output on its way to the caller.</summary>
/// <param name="Index">Which answer of the request.</param>
/// <param name="Output">What the step produced.</param>
/// <param name="Timestamp">When the step ended, in <see cref="TimeProvider.GetTimestamp"/> units.</param>
/// <param name="Step">The step's number since the thread began.</param>
internal readonly record struct EngineEvent(int Index, EngineCoreOutput Output, long Timestamp, long Step);

/// <summary>
/// The one thread that touches the engine core: takes commands between steps, steps while there is work, sleeps otherwise. In steady decode it allocates
/// nothing, and it wakes a request's reader once a step.
/// </summary>
internal sealed partial class EngineThread
{
    private readonly IEngineCore core;
    private readonly bool ownsCore;
    private readonly EngineMetrics metrics;
    private readonly TimeProvider timeProvider;
    private readonly ILogger logger;
    private readonly ConcurrentQueue<Command> commands = new();
    private readonly AutoResetEvent wake = new(false);
    private readonly Dictionary<string, Receiver> receivers = new(StringComparer.Ordinal);
    private readonly List<OutputMailbox> touched = [];
    private readonly TaskCompletionSource<Exception> failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread thread;
    private readonly Lock statsGate = new();
    private readonly List<EngineCoreOutput> outputs = [];
    private EngineStats stats;
    private EngineStats baseline;
    private long steps;
    private volatile Exception? failure;
    private volatile bool working;
    private volatile bool stopping;
    private TaskCompletionSource? checking;
    private long heartbeat;

    public EngineThread(IEngineCore core, bool ownsCore, EngineMetrics metrics, TimeProvider timeProvider, ILogger logger)
    {
        this.core = core;
        this.ownsCore = ownsCore;
        this.metrics = metrics;
        this.timeProvider = timeProvider;
        this.logger = logger;
        thread = new Thread(Run) { IsBackground = true, Name = "engine" };
    }

    /// <summary>Who gets the outputs of an engine request. Begun: it has had one.</summary>
    private record struct Receiver(int Index, OutputMailbox Mailbox, bool Begun = false);

    private abstract record Command;

    private sealed record AddCommand(EngineCoreRequest Request, int Index, OutputMailbox Mailbox) : Command;

    private sealed record AbortCommand(string RequestId) : Command;

    private sealed record AbortAllCommand : Command;

    private sealed record CheckDeviceCommand(TaskCompletionSource Done) : Command;

    private sealed record ResetPrefixCacheCommand(TaskCompletionSource Done) : Command;

    /// <summary>Totals count from this thread's beginning, whatever the core did before.</summary>
    public EngineStats Stats
    {
        get
        {
            lock (statsGate)
            {
                return stats;
            }
        }

        private set
        {
            lock (statsGate)
            {
                stats = value;
            }
        }
    }

    /// <summary>What ended the engine; null while it lives.</summary>
    public Exception? Failure => failure;

    /// <summary>Ends when the engine fails, with the reason.</summary>
    public Task<Exception> Failed => failed.Task;

    public void Start()
    {
        baseline = core.Stats;
        thread.Start();
    }

    public bool IsHealthy(TimeSpan stallTimeout)
        => failure is null && (!working || timeProvider.GetElapsedTime(Interlocked.Read(ref heartbeat)) < stallTimeout);

    /// <summary>Ends when an idle engine has asked its device whether it works, or has failed on that; at once where it is at work, since a step would fail by itself.</summary>
    public Task CheckDeviceAsync()
    {
        if (failure is not null || working)
        {
            return Task.CompletedTask;
        }

        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Send(new CheckDeviceCommand(done));
        if (failure is not null)
        {
            done.TrySetResult();
        }

        return done.Task;
    }

    public void Add(EngineCoreRequest request, int index, OutputMailbox mailbox)
    {
        Send(new AddCommand(request, index, mailbox));
        // The thread may have died between the caller's check and this command.
        if (failure is { } cause)
        {
            mailbox.Close(new EngineDeadException(cause));
        }
    }

    public void Abort(string requestId) => Send(new AbortCommand(requestId));

    /// <summary>Ends every request with <see cref="FinishReason.Abort"/>.</summary>
    public void AbortAll() => Send(new AbortAllCommand());

    /// <summary>Empties the prefix cache between two steps.</summary>
    /// <exception cref="EngineDeadException">The engine has failed.</exception>
    public Task ResetPrefixCacheAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Send(new ResetPrefixCacheCommand(done));
        if (failure is { } cause)
        {
            done.TrySetException(new EngineDeadException(cause));
        }

        return done.Task;
    }

    public async Task StopAsync()
    {
        stopping = true;
        wake.Set();
        await ended.Task;
    }

    private void Send(Command command)
    {
        commands.Enqueue(command);
        wake.Set();
    }

    private void Run()
    {
        try
        {
            while (!stopping)
            {
                Interlocked.Exchange(ref heartbeat, timeProvider.GetTimestamp());
                working = true;
                TakeCommands();
                if (core.HasUnfinishedRequests)
                {
                    core.Step(outputs);
                    Publish();
                    var now = core.Stats.Since(baseline);
                    Stats = now;
                    metrics.RecordStep(now);
                }
                else
                {
                    Stats = core.Stats.Since(baseline);
                    working = false;
                    wake.WaitOne();
                }
            }

            FinishAll(FinishReason.Abort);
        }
        catch (Exception e)
        {
            LogDied(e);
            failure = e;
            var dead = new EngineDeadException(e);
            while (commands.TryDequeue(out var command))
            {
                (command as AddCommand)?.Mailbox.Close(dead);
                (command as ResetPrefixCacheCommand)?.Done.TrySetException(dead);
                (command as CheckDeviceCommand)?.Done.TrySetResult();
            }

            foreach (var (_, receiver) in receivers)
            {
                receiver.Mailbox.Close(dead);
            }

            checking?.TrySetResult();
            failed.TrySetResult(e);
            Stats = default;
        }

        working = false;
        if (ownsCore)
        {
            DisposeCore();
        }

        ended.TrySetResult();
    }

    private void TakeCommands()
    {
        while (commands.TryDequeue(out var command))
        {
            switch (command)
            {
                case AddCommand add:
                    receivers[add.Request.RequestId] = new Receiver(add.Index, add.Mailbox);
                    core.AddRequest(add.Request);
                    break;
                case AbortCommand abort:
                    if (receivers.Remove(abort.RequestId))
                    {
                        core.AbortRequest(abort.RequestId);
                    }

                    break;
                case AbortAllCommand:
                    FinishAll(FinishReason.Abort);
                    break;
                case CheckDeviceCommand check:
                    // Where it throws whoever waits is told after the failure is known.
                    checking = check.Done;
                    core.CheckDevice();
                    check.Done.TrySetResult();
                    break;
                case ResetPrefixCacheCommand reset:
                    core.ResetPrefixCache();
                    reset.Done.TrySetResult();
                    break;
            }
        }
    }

    private void Publish()
    {
        var now = timeProvider.GetTimestamp();
        steps++;
        foreach (ref readonly var output in CollectionsMarshal.AsSpan(outputs))
        {
            ref var receiver = ref CollectionsMarshal.GetValueRefOrNullRef(receivers, output.RequestId);
            if (Unsafe.IsNullRef(ref receiver))
            {
                continue;
            }

            var mailbox = receiver.Mailbox;
            mailbox.Add(new EngineEvent(receiver.Index, output, now, steps), urgent: !receiver.Begun || output.FinishReason is not null);
            receiver.Begun = true;
            if (!mailbox.IsTouched)
            {
                mailbox.IsTouched = true;
                touched.Add(mailbox);
            }

            if (output.FinishReason is not null)
            {
                receivers.Remove(output.RequestId);
            }
        }

        foreach (var mailbox in touched)
        {
            mailbox.IsTouched = false;
            mailbox.Wake();
        }

        touched.Clear();
    }

    private void FinishAll(FinishReason reason)
    {
        var now = timeProvider.GetTimestamp();
        foreach (var (id, receiver) in receivers)
        {
            core.AbortRequest(id);
            receiver.Mailbox.Add(new EngineEvent(receiver.Index, new EngineCoreOutput { RequestId = id, FinishReason = reason }, now, steps), urgent: true);
            receiver.Mailbox.Wake();
        }

        receivers.Clear();
    }

    private void DisposeCore()
    {
        try
        {
            core.Dispose();
        }
        catch (Exception e)
        {
            LogDisposeFailed(e);
        }
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "The engine has failed; every request in flight gets an error")]
    private partial void LogDied(Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "The engine could not be disposed")]
    private partial void LogDisposeFailed(Exception exception);
}
