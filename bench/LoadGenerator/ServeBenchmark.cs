using System.Text.Json;
using Octavo.LoadGenerator.Client;
using Octavo.LoadGenerator.Configuration;
using Octavo.LoadGenerator.Metrics;
using Octavo.LoadGenerator.Reporting;
using Octavo.LoadGenerator.Statistics;
using Octavo.LoadGenerator.Workload;

namespace Octavo.LoadGenerator;

/// <summary>One run: wait for the server, learn the token scale, warm up, send, summarize, report.</summary>
internal sealed class ServeBenchmark(ServeOptions options, TimeProvider time, TextWriter output, TextWriter error)
{
    private const int ShortProbeWords = 8;
    private const int LongProbeWords = 40;
    private const int MaxErrorsShown = 5;
    private static readonly TimeSpan ReadyPoll = TimeSpan.FromMilliseconds(100);

    /// <returns>0; 1 if a request failed or the server cannot be reached; 130 if cancelled.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (await MeasureAsync(cancellationToken) is not { } run)
        {
            return 1;
        }

        if (options.JsonPath is { } path)
        {
            // Also after a cancellation: what was measured is kept.
            await File.WriteAllTextAsync(path, JsonReport.Render(run).ToJsonString(JsonReport.Indented) + "\n", CancellationToken.None);
        }

        if (!options.Quiet)
        {
            TableReport.Write(output, run);
        }

        return await ExitCodeAsync(run, cancellationToken);
    }

    /// <summary>Null where the run could not begin; standard error says why.</summary>
    public async Task<RunMeasurement?> MeasureAsync(CancellationToken cancellationToken)
    {
        using var client = new OpenAIClient(options, time);
        var random = new Random(options.Seed);
        string model;
        IDataset dataset;
        try
        {
            model = options.Model ?? await FirstModelAsync(client, cancellationToken);
            var scale = options.VocabSize is null ? await LearnScaleAsync(client, model, random, cancellationToken) : new TokenScale(1, 0);
            dataset = await Datasets.CreateAsync(options, new PromptSource(scale, options.VocabSize), random, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException or JsonException)
        {
            await error.WriteLineAsync($"{options.BaseUrl}: {e.Message}");
            return null;
        }

        var runner = new LoadRunner(client, model, options, time);
        await runner.WarmUpAsync(dataset, cancellationToken);
        var count = options.NumPrompts ?? (options.Duration is null ? dataset.Count ?? ServeOptions.DefaultNumPrompts : null);
        var observer = new ServerObserver(client, options, time);
        await observer.BeginAsync(cancellationToken);
        var cpu = Environment.CpuUsage.TotalTime;
        var (results, duration) = await runner.RunAsync(dataset, count, cancellationToken);
        cpu = Environment.CpuUsage.TotalTime - cpu;
        var server = await observer.EndAsync(CancellationToken.None);
        return new RunMeasurement(
            options, model, results, BenchmarkSummary.Of(results, duration, options.Goodput), Timeline.Of(results, duration.TotalSeconds), server, cpu.TotalSeconds);
    }

    /// <summary>Tells of failures, whether quiet or not.</summary>
    public async Task<int> ExitCodeAsync(RunMeasurement run, CancellationToken cancellationToken)
    {
        foreach (var (message, count) in run.Summary.Errors.Take(MaxErrorsShown))
        {
            await error.WriteLineAsync($"{count} failed: {message}");
        }

        return cancellationToken.IsCancellationRequested ? 130 : run.Summary.Failed > 0 ? 1 : 0;
    }

    private async Task<string> FirstModelAsync(OpenAIClient client, CancellationToken cancellationToken)
    {
        var begin = time.GetTimestamp();
        while (true)
        {
            try
            {
                return await client.FirstModelAsync(cancellationToken);
            }
            catch (Exception e) when (e is HttpRequestException or InvalidDataException && time.GetElapsedTime(begin) < options.ReadyTimeout)
            {
                // Not up yet.
                await Task.Delay(ReadyPoll, time, cancellationToken);
            }
        }
    }

    private async Task<TokenScale> LearnScaleAsync(OpenAIClient client, string model, Random random, CancellationToken cancellationToken)
    {
        var begin = time.GetTimestamp();
        var shorter = await ProbeAsync(ShortProbeWords);
        var longer = await ProbeAsync(LongProbeWords);
        return TokenScale.FromTwo(shorter, longer);

        async Task<(int Words, int Tokens)> ProbeAsync(int words)
        {
            while (true)
            {
                var request = new BenchRequest([new ChatMessage("user", PromptSource.RandomWords(words, random))], null, 1);
                var result = await client.SendAsync(model, request, time.GetTimestamp(), begin, keepText: false, cancellationToken);
                if (result.Error is null)
                {
                    return (words, result.PromptTokens);
                }

                // A server may list its model before it is loaded.
                if (time.GetElapsedTime(begin) >= options.ReadyTimeout || cancellationToken.IsCancellationRequested)
                {
                    throw new InvalidDataException(result.Error);
                }

                await Task.Delay(ReadyPoll, time, cancellationToken);
            }
        }
    }
}
