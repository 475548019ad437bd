using System.CommandLine;
using System.Globalization;
using Octavo.LoadGenerator.Sweep;

namespace Octavo.LoadGenerator.Configuration;

/// <summary>The verb <c>sweep</c>: all flags of a run, and the values of one of them.</summary>
internal static class SweepCommand
{
    /// <param name="run">Gets options that are valid; returns the exit code.</param>
    /// <param name="error">Where errors of validation go, one a line.</param>
    public static Command Create(Func<SweepOptions, CancellationToken, Task<int>> run, TextWriter error)
    {
        var flags = new ServeFlags();
        var streams = List("--sweep-max-concurrency", "Numbers of requests at once, as 1,2,4.");
        var rates = List("--sweep-request-rate", "Arrivals per second, as 1,2,4.");
        var servers = List("--sweep-base-url", "Servers to compare, the first with each other one.");
        var labels = List("--labels", "What reports call the points, in their order.");
        var rounds = new Option<int>("--rounds") { Description = "Times that every point is measured; medians are reported.", DefaultValueFactory = _ => 1 };
        var perStream = new Option<int?>("--prompts-per-stream") { Description = "Requests of a point, by its concurrency; in place of --num-prompts." };
        var seconds = new Option<double?>("--point-seconds") { Description = "Seconds of arrivals at a point, by its rate; in place of --num-prompts." };
        var command = new Command("sweep", "Measures the same load at several concurrencies, rates or servers.") { streams, rates, servers, labels, rounds, perStream, seconds };
        flags.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var (options, found) = flags.Read(result);
            var errors = found.ToList();
            (SweepVariable Variable, string[] Values)[] given =
            [
                .. new[] { (SweepVariable.MaxConcurrency, Values(streams)), (SweepVariable.RequestRate, Values(rates)), (SweepVariable.BaseUrl, Values(servers)) }.Where(g => g.Item2.Length > 0),
            ];
            var (variable, values) = given.Length == 1 ? given[0] : (SweepVariable.MaxConcurrency, []);
            Check(given.Length == 1, "give one of --sweep-max-concurrency, --sweep-request-rate and --sweep-base-url");
            Check(variable != SweepVariable.MaxConcurrency || values.All(v => int.TryParse(v, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n > 0), "--sweep-max-concurrency: must be positive numbers");
            Check(variable != SweepVariable.RequestRate || values.All(v => double.TryParse(v, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) && n > 0), "--sweep-request-rate: must be positive numbers");
            Check(variable != SweepVariable.BaseUrl || values.All(v => Uri.TryCreate(v, UriKind.Absolute, out _)), "--sweep-base-url: must be URLs");
            Check(result.GetValue(rounds) > 0, "--rounds: must be positive");
            Check(result.GetValue(perStream) is null or > 0, "--prompts-per-stream: must be positive");
            Check(result.GetValue(seconds) is null or > 0, "--point-seconds: must be positive");
            foreach (var message in errors)
            {
                await error.WriteLineAsync(message);
            }

            return errors.Count > 0
                ? 2
                : await run(new SweepOptions(options, variable, values, Values(labels), result.GetValue(rounds), result.GetValue(perStream), result.GetValue(seconds)), cancellationToken);

            string[] Values(Option<string[]> option) => [.. (result.GetValue(option) ?? []).SelectMany(v => v.Split(',', StringSplitOptions.RemoveEmptyEntries))];

            void Check(bool holds, string message)
            {
                if (!holds)
                {
                    errors.Add(message);
                }
            }
        });
        return command;
    }

    private static Option<string[]> List(string name, string description) => new(name) { Description = description, AllowMultipleArgumentsPerToken = true };
}
