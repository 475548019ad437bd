using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Octavo.ServingRuntime.Engine.Metrics;

namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>An output on its way to the caller.</summary>
/// <param name="Index">Which answer of the request.</param>
/// <param name="Output">What the step produced.</param>
/// <param name="Timestamp">When the step ended, in <see cref="TimeProvider.GetTimestamp"/> units.</param>
internal readonly record struct EngineEvent(int Index, EngineCoreOutput Output, long Timestamp);

/// <summary>The one thread that touches the engine core: takes commands between steps, steps while there is work, sleeps otherwise.</summary>
internal sealed partial class EngineThread
{
    private readonly IEngineCore core;
    private readonly EngineMetrics metrics;
    private readonly TimeProvider timeProvider;
    private readonly ILogger logger;
    private readonly ConcurrentQueue<Command> commands = new();
    private readonly AutoResetEvent wake = new(false);
    private readonly Dictionary<string, (int Index, ChannelWriter<EngineEvent> Writer)> receivers = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread thread;
    private readonly Lock statsGate = new();
    private readonly List<EngineCoreOutput> outputs = [];
    private EngineStats stats;
    private volatile Exception? failure;
    private volatile bool working;
    private volatile bool stopping;
    private long heartbeat;

    public EngineThread(IEngineCore core, EngineMetrics metrics, TimeProvider timeProvider, ILogger logger)
    {
        this.core = core;
        this.metrics = metrics;
        this.timeProvider = timeProvider;
        this.logger = logger;
        thread = new Thread(Run) { IsBackground = true, Name = "engine" };
    }

    private abstract record Command;

    private sealed record AddCommand(EngineCoreRequest Request, int Index, ChannelWriter<EngineEvent> Writer) : Command;

    private sealed record AbortCommand(string RequestId) : Command;

    private sealed record AbortAllCommand : Command;

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

    public void Start() => thread.Start();

    public bool IsHealthy(TimeSpan stallTimeout)
        => failure is null && (!working || timeProvider.GetElapsedTime(Interlocked.Read(ref heartbeat)) < stallTimeout);

    public void Add(EngineCoreRequest request, int index, ChannelWriter<EngineEvent> writer)
    {
        Send(new AddCommand(request, index, writer));
        // The thread may have died between the caller's check and this command.
        if (failure is { } cause)
        {
            writer.TryComplete(new EngineDeadException(cause));
        }
    }

    public void Abort(string requestId) => Send(new AbortCommand(requestId));

    /// <summary>Ends every request with <see cref="FinishReason.Abort"/>.</summary>
    public void AbortAll() => Send(new AbortAllCommand());

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
                    var now = core.Stats;
                    Stats = now;
                    metrics.RecordStep(now);
                }
                else
                {
                    Stats = core.Stats;
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
            while (commands.TryDequeue(out var command))
            {
                (command as AddCommand)?.Writer.TryComplete(new EngineDeadException(e));
            }

            foreach (var (_, receiver) in receivers)
            {
                receiver.Writer.TryComplete(new EngineDeadException(e));
            }

            Stats = default;
        }

        working = false;
        DisposeCore();
        ended.TrySetResult();
    }

    private void TakeCommands()
    {
        while (commands.TryDequeue(out var command))
        {
            switch (command)
            {
                case AddCommand add:
                    receivers[add.Request.RequestId] = (add.Index, add.Writer);
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
            }
        }
    }

    private void Publish()
    {
        var now = timeProvider.GetTimestamp();
        foreach (var output in outputs)
        {
            if (!receivers.TryGetValue(output.RequestId, out var receiver))
            {
                continue;
            }

            if (output.FinishReason is not null)
            {
                receivers.Remove(output.RequestId);
            }

            receiver.Writer.TryWrite(new EngineEvent(receiver.Index, output, now));
        }
    }

    private void FinishAll(FinishReason reason)
    {
        var now = timeProvider.GetTimestamp();
        foreach (var (id, receiver) in receivers)
        {
            core.AbortRequest(id);
            receiver.Writer.TryWrite(new EngineEvent(receiver.Index, new EngineCoreOutput { RequestId = id, FinishReason = reason }, now));
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
