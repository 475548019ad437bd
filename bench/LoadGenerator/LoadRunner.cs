using System.Collections.Concurrent;
using Octavo.LoadGenerator.Client;
using Octavo.LoadGenerator.Configuration;
using Octavo.LoadGenerator.Workload;

namespace Octavo.LoadGenerator;

/// <summary>
/// Sends sessions when they arrive. In an open loop (a finite rate, a trace) arrivals do not wait for answers; where a bound on concurrency, or the client, holds one back, its
/// latency still counts from the arrival. In a closed loop (a bound and no rate) a session's turn comes when a place is free.
/// </summary>
internal sealed class LoadRunner(OpenAIClient client, string model, ServeOptions options, TimeProvider time)
{
    /// <summary>Prompts made before the clock starts, so that making them delays no arrival; those beyond are made as they are sent.</summary>
    private const int MadeAhead = 2_000;

    private readonly ConcurrentQueue<RequestResult> results = new();
    private int unsent;

    /// <param name="count">Requests to send; null: until the duration has passed.</param>
    public async Task<(IReadOnlyList<RequestResult> Results, TimeSpan Duration)> RunAsync(IDataset dataset, int? count, CancellationToken cancellationToken)
    {
        unsent = count ?? int.MaxValue;
        var ahead = new Queue<BenchSession>();
        for (var requests = 0; count is { } most && requests < Math.Min(most, MadeAhead);)
        {
            var session = dataset.Next();
            requests += session.Turns.Count;
            ahead.Enqueue(session);
        }

        // Arrivals have their own seed, so that another rate sends the same prompts.
        using var arrivals = ArrivalSchedule.Of(options, count, new Random(options.Seed + 1)).GetEnumerator();
        using var slots = new SemaphoreSlim(options.MaxConcurrency ?? int.MaxValue);
        using var enough = options.Duration is { } limit ? new CancellationTokenSource(limit, time) : new CancellationTokenSource();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, enough.Token);
        var pending = new List<Task>();
        var begin = time.GetTimestamp();
        try
        {
            while (Volatile.Read(ref unsent) > 0)
            {
                var session = ahead.TryDequeue(out var made) ? made : dataset.Next();
                arrivals.MoveNext();
                var arrival = session.Arrival ?? arrivals.Current;
                var wait = arrival - time.GetElapsedTime(begin);
                if (wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait, time, stop.Token);
                }

                await slots.WaitAsync(stop.Token);
                stop.Token.ThrowIfCancellationRequested();
                var turns = Take(session.Turns.Count);
                var open = session.Arrival is not null || double.IsFinite(options.RequestRate) || options.RampUp is not null;
                var scheduled = open ? begin + (long)(arrival.TotalSeconds * time.TimestampFrequency) : time.GetTimestamp();
                pending.Add(Task.Run(() => HoldAsync(session, turns, scheduled), CancellationToken.None));
                if (pending.Count > 4096)
                {
                    pending.RemoveAll(t => t.IsCompletedSuccessfully);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Time is up, or the user's patience: what is in flight still counts in the first case.
        }

        await Task.WhenAll(pending);
        return ([.. results], time.GetElapsedTime(begin));

        async Task HoldAsync(BenchSession session, int turns, long scheduled)
        {
            await ConverseAsync(session, turns, scheduled, begin, results.Enqueue, cancellationToken);
            slots.Release();
        }
    }

    /// <summary>Requests whose results are not kept.</summary>
    public async Task WarmUpAsync(IDataset dataset, CancellationToken cancellationToken)
    {
        using var slots = new SemaphoreSlim(options.MaxConcurrency ?? 1);
        var pending = new List<Task>();
        for (var sent = 0; sent < options.NumWarmups && !cancellationToken.IsCancellationRequested; sent++)
        {
            await slots.WaitAsync(cancellationToken);
            var session = dataset.Next();
            pending.Add(Task.Run(
                async () =>
                {
                    await ConverseAsync(session, session.Turns.Count, time.GetTimestamp(), time.GetTimestamp(), _ => { }, cancellationToken);
                    slots.Release();
                },
                CancellationToken.None));
        }

        await Task.WhenAll(pending);
    }

    /// <summary>Of so many requests, those that may still be sent.</summary>
    private int Take(int wanted)
    {
        var taken = Math.Min(wanted, unsent);
        unsent -= options.Duration is null || options.NumPrompts is not null ? taken : 0;
        return taken;
    }

    private async Task ConverseAsync(BenchSession session, int turns, long scheduled, long begin, Action<RequestResult> keep, CancellationToken cancellationToken)
    {
        var messages = new List<ChatMessage>();
        if (session.System is { } system)
        {
            messages.Add(new ChatMessage("system", system));
        }

        for (var turn = 0; turn < turns; turn++)
        {
            if (turn > 0 && options.ThinkTime > TimeSpan.Zero)
            {
                try
                {
                    await Task.Delay(options.ThinkTime, time, cancellationToken);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }

            messages.Add(new ChatMessage("user", session.Turns[turn].Prompt.Text));
            var request = new BenchRequest(messages, session.Turns[turn].Prompt.TokenIds, session.Turns[turn].MaxTokens);
            var last = turn == turns - 1;
            var result = await client.SendAsync(model, request, turn == 0 ? scheduled : time.GetTimestamp(), begin, keepText: !last, cancellationToken);
            keep(result);
            if (last || result.Error is not null)
            {
                return;
            }

            messages.Add(new ChatMessage("assistant", result.Text ?? ""));
        }
    }
}
