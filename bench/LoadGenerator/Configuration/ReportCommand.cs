using System.CommandLine;
using System.Text.Json;
using Octavo.LoadGenerator.Reporting.Html;

namespace Octavo.LoadGenerator.Configuration;

/// <summary>The verb <c>report</c>: results → one page.</summary>
internal static class ReportCommand
{
    public static Command Create(TextWriter output, TextWriter error)
    {
        var files = new Argument<string[]>("results") { Description = "JSON files of serve, sweep, peers or octavo-engine-bench.", Arity = ArgumentArity.OneOrMore };
        var path = new Option<string>("--output", "-o") { Description = "The page.", DefaultValueFactory = _ => "report.html" };
        var title = new Option<string>("--title") { Description = "Its heading.", DefaultValueFactory = _ => "Octavo benchmarks" };
        var note = new Option<string?>("--note") { Description = "A line under the heading: the machine, the commit." };
        var command = new Command("report", "Draws results as one self-contained HTML page, several runs side by side.") { files, path, title, note };
        command.SetAction(async (result, cancellationToken) =>
        {
            var inputs = new List<ReportInput>();
            foreach (var file in result.GetValue(files)!)
            {
                try
                {
                    inputs.Add(ReportInput.Parse(Path.GetFileNameWithoutExtension(file), await File.ReadAllTextAsync(file, cancellationToken)));
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidDataException)
                {
                    await error.WriteLineAsync($"{file}: {e.Message}");
                    return 1;
                }
            }

            await File.WriteAllTextAsync(result.GetValue(path)!, HtmlReport.Render(result.GetValue(title)!, result.GetValue(note), inputs), cancellationToken);
            await output.WriteLineAsync(result.GetValue(path));
            return 0;
        });
        return command;
    }
}
