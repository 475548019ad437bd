using System.Collections.Concurrent;
using System.Text.Json;
using Octavo.LoadGenerator.Client;
using Octavo.LoadGenerator.Configuration;
using Octavo.LoadGenerator.Reporting;
using Octavo.LoadGenerator.Statistics;
using Octavo.LoadGenerator.Workload;

namespace Octavo.LoadGenerator;

/// <summary>One run: learn the token scale, send, summarize, report.</summary>
internal sealed class ServeBenchmark(ServeOptions options, TimeProvider time, TextWriter output, TextWriter error)
{
    private const int ShortProbeWords = 8;
    private const int LongProbeWords = 40;
    private const int MaxErrorsShown = 5;

    /// <returns>0; 1 if a request failed or the server cannot be reached; 130 if cancelled.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var client = new OpenAIClient(options, time);
        var random = new Random(options.Seed);
        string model;
        TokenScale scale;
        try
        {
            model = options.Model ?? await client.FirstModelAsync(cancellationToken);
            scale = await LearnScaleAsync(client, model, random, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or InvalidDataException or JsonException)
        {
            await error.WriteLineAsync($"{options.BaseUrl}: {e.Message}");
            return 1;
        }

        var (results, duration) = await SendAllAsync(client, model, new PromptFactory(options, scale, random), cancellationToken);
        var summary = BenchmarkSummary.Of(results, duration);
        if (options.JsonPath is { } path)
        {
            // Also after a cancellation: what was measured is kept.
            await File.WriteAllTextAsync(path, JsonReport.Render(summary, options, model) + "\n", CancellationToken.None);
        }

        if (!options.Quiet)
        {
            TableReport.Write(output, summary);
        }

        foreach (var (message, count) in summary.Errors.Take(MaxErrorsShown))
        {
            await error.WriteLineAsync($"{count} failed: {message}");
        }

        return cancellationToken.IsCancellationRequested ? 130 : summary.Failed > 0 ? 1 : 0;
    }

    private static async Task<TokenScale> LearnScaleAsync(OpenAIClient client, string model, Random random, CancellationToken cancellationToken)
    {
        var shorter = await ProbeAsync(ShortProbeWords);
        var longer = await ProbeAsync(LongProbeWords);
        return TokenScale.FromTwo(shorter, longer);

        async Task<(int Words, int Tokens)> ProbeAsync(int words)
        {
            var result = await client.SendAsync(model, new BenchPrompt(PromptFactory.RandomWords(words, random), 1), cancellationToken);
            return result.Error is null ? (words, result.PromptTokens) : throw new InvalidDataException(result.Error);
        }
    }

    private async Task<(IReadOnlyList<RequestResult> Results, TimeSpan Duration)> SendAllAsync(OpenAIClient client, string model, PromptFactory prompts, CancellationToken cancellationToken)
    {
        var count = options.NumPrompts ?? (options.Duration is null ? ServeOptions.DefaultNumPrompts : int.MaxValue);
        // Arrivals have their own seed, so that another rate sends the same prompts.
        using var arrivals = ArrivalSchedule.Poisson(options.RequestRate, new Random(options.Seed + 1)).GetEnumerator();
        using var slots = new SemaphoreSlim(options.MaxConcurrency ?? int.MaxValue);
        using var enough = options.Duration is { } limit ? new CancellationTokenSource(limit, time) : new CancellationTokenSource();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, enough.Token);
        var results = new ConcurrentQueue<RequestResult>();
        var pending = new List<Task>();
        var started = time.GetTimestamp();
        try
        {
            for (var sent = 0; sent < count; sent++)
            {
                arrivals.MoveNext();
                var wait = arrivals.Current - time.GetElapsedTime(started);
                if (wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait, time, stop.Token);
                }

                await slots.WaitAsync(stop.Token);
                stop.Token.ThrowIfCancellationRequested();
                var prompt = prompts.Next();
                pending.Add(Task.Run(() => SendOneAsync(prompt), CancellationToken.None));
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
        return ([.. results], time.GetElapsedTime(started));

        async Task SendOneAsync(BenchPrompt prompt)
        {
            var result = await client.SendAsync(model, prompt, cancellationToken);
            slots.Release();
            results.Enqueue(result);
        }
    }
}
