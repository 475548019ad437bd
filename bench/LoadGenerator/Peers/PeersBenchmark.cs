using System.Globalization;
using Octavo.LoadGenerator.Reporting;
using Octavo.LoadGenerator.Reporting.Html;

namespace Octavo.LoadGenerator.Peers;

/// <summary>Runs every work on all sides in turn, round after round, and writes table, JSON and page.</summary>
internal sealed class PeersBenchmark(PeersOptions options, TimeProvider timeProvider, TextWriter output, TextWriter errors)
{
    private static readonly string[] Forms = ["bf16", "awq", "gguf-bf16", "gguf-q4_0"];

    /// <returns>0; 1 where a program is missing or failed, after the results of all others were written; 130 if cancelled.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var programs = new PeerPrograms(options);
        var all = PeerWorks.All(options, programs, timeProvider);
        var unknown = options.Only.Where(name => all.All(work => work.Name != name)).ToArray();
        if (unknown.Length > 0)
        {
            await errors.WriteLineAsync($"--only: {string.Join(", ", unknown)}: there are {string.Join(", ", all.Select(w => w.Name))}");
            return 2;
        }

        Directory.CreateDirectory(options.Results);
        var results = new List<PeerResult>();
        var failed = false;
        try
        {
            await programs.OctavoVersionAsync(cancellationToken);
            await PrepareAsync(programs, cancellationToken);
        }
        catch (Exception e) when (e is PeerException or System.ComponentModel.Win32Exception)
        {
            await errors.WriteLineAsync(e.Message);
            return 1;
        }

        foreach (var work in all.Where(w => options.Only.Count == 0 || options.Only.Contains(w.Name)))
        {
            var (result, complete) = await MeasureAsync(work, cancellationToken);
            results.Add(result);
            failed |= !complete;
            if (cancellationToken.IsCancellationRequested)
            {
                return 130;
            }
        }

        var report = new PeersReport(options, Machine.Read(), programs.Versions, results);
        await report.WriteTableAsync(output);
        var json = report.ToJson();
        await File.WriteAllTextAsync(Path.Combine(options.Results, "peers.json"), json.ToJsonString(JsonReport.Indented) + "\n", cancellationToken);
        var page = HtmlReport.Render("Octavo beside llama.cpp and transformers", null, [ReportInput.Parse("peers", json.ToJsonString())]);
        await File.WriteAllTextAsync(Path.Combine(options.Results, "peers.html"), page, cancellationToken);
        await output.WriteLineAsync($"{Path.Combine(options.Results, "peers.json")}, {Path.Combine(options.Results, "peers.html")}");
        return failed ? 1 : 0;
    }

    /// <summary>Writes the random checkpoint once.</summary>
    private async Task PrepareAsync(PeerPrograms programs, CancellationToken cancellationToken)
    {
        var complete = Path.Combine(options.Checkpoint, "complete");
        if (File.Exists(complete))
        {
            return;
        }

        await output.WriteLineAsync($"writing a random {options.Shape} to {options.Checkpoint}");
        await ChildProcess.RunAsync(programs.OctavoProgram("octavo-engine-bench"), ["random-checkpoint", "--output", options.Checkpoint, "--shape", options.Shape, "--form", .. Forms], cancellationToken);
        await File.WriteAllTextAsync(complete, "", cancellationToken);
    }

    private async Task<(PeerResult Result, bool Complete)> MeasureAsync(PeerWork work, CancellationToken cancellationToken)
    {
        var values = new Dictionary<(string, string), IReadOnlyList<double>>();
        var broken = new HashSet<string>(StringComparer.Ordinal);
        var rounds = options.Quick ? 1 : options.Rounds;
        for (var round = 0; round < rounds; round++)
        {
            // In turn, and every other round the other way round.
            foreach (var side in round % 2 == 0 ? work.Sides : work.Sides.Reverse())
            {
                if (round >= side.MostRounds || broken.Contains(side.Name))
                {
                    continue;
                }

                try
                {
                    var measured = await side.Measure(cancellationToken);
                    foreach (var (key, value) in measured)
                    {
                        values[(side.Name, key)] = [.. values.GetValueOrDefault((side.Name, key)) ?? [], value];
                    }

                    var shown = string.Join(", ", work.Measures.Where(m => measured.ContainsKey(m.Key)).Select(m => string.Create(CultureInfo.InvariantCulture, $"{measured[m.Key]:0.##} {m.Unit}")));
                    await output.WriteLineAsync($"{work.Name} {round + 1}/{rounds} {side.Name}: {shown}");
                }
                catch (Exception e) when (e is PeerException or System.ComponentModel.Win32Exception or IOException)
                {
                    broken.Add(side.Name);
                    await errors.WriteLineAsync($"{work.Name}: {side.Name}: {e.Message}");
                }
            }
        }

        return (new PeerResult(work, values), broken.Count == 0);
    }
}
