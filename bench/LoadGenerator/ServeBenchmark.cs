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
            var scale = await LearnScaleAsync(client, model, random, cancellationToken);
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

    /// <summary>Token ids need no scale; the server is still waited for.</summary>
    private async Task<TokenScale> LearnScaleAsync(OpenAIClient client, string model, Random random, CancellationToken cancellationToken)
    {
        var begin = time.GetTimestamp();
        if (options.VocabSize is not null)
        {
            await ProbeAsync(new BenchRequest([], [.. Enumerable.Repeat(PromptSource.FirstOrdinaryToken, ShortProbeWords)], 1));
            return new TokenScale(1, 0);
        }

        var shorter = await ProbeAsync(Words(ShortProbeWords));
        var longer = await ProbeAsync(Words(LongProbeWords));
        return TokenScale.FromTwo((ShortProbeWords, shorter), (LongProbeWords, longer));

        BenchRequest Words(int count) => new([new ChatMessage("user", PromptSource.RandomWords(count, random))], null, 1);

        async Task<int> ProbeAsync(BenchRequest request)
        {
            while (true)
            {
                var result = await client.SendAsync(model, request, time.GetTimestamp(), begin, keepText: false, cancellationToken);
                if (result.Error is null)
                {
                    return result.PromptTokens;
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
