using Octavo.LoadGenerator.Reporting;

namespace Octavo.LoadGenerator.Sweep;

/// <summary>Measures every point once a round, so that a machine that drifts does so for all points.</summary>
internal sealed class SweepBenchmark(SweepOptions options, TimeProvider time, TextWriter output, TextWriter error)
{
    /// <returns>0; 1 if a request failed or a server cannot be reached; 130 if cancelled.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var rounds = options.Values.Select(_ => new List<RunMeasurement>()).ToArray();
        var exitCode = 0;
        for (var round = 0; round < options.Rounds; round++)
        {
            for (var point = 0; point < options.Values.Count; point++)
            {
                var benchmark = new ServeBenchmark(options.At(point, round), time, output, error);
                if (await benchmark.MeasureAsync(cancellationToken) is not { } run)
                {
                    return 1;
                }

                exitCode = Math.Max(exitCode, await benchmark.ExitCodeAsync(run, cancellationToken));
                if (cancellationToken.IsCancellationRequested)
                {
                    return exitCode;
                }

                rounds[point].Add(run);
            }
        }

        var points = rounds.Select((runs, i) => new SweepPoint(options.Values[i], options.Label(i), runs)).ToArray();
        if (options.Base.JsonPath is { } path)
        {
            await File.WriteAllTextAsync(path, SweepReport.Render(options, points).ToJsonString(JsonReport.Indented) + "\n", CancellationToken.None);
        }

        if (!options.Base.Quiet)
        {
            SweepReport.Write(output, options, points);
        }

        return exitCode;
    }
}
