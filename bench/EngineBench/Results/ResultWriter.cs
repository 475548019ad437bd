using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Octavo.EngineBench.Results;

/// <summary>Results for people and for scripts.</summary>
internal static class ResultWriter
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static void Print(ExperimentResult result, BenchOptions options, TextWriter output)
    {
        output.WriteLine($"{result.Title} ({options.ModelPath}, {options.Threads} threads, {options.DType}, medians of {options.Rounds}; {Processor()}, load {Load()})");
        foreach (var table in result.Tables)
        {
            output.WriteLine();
            output.WriteLine(table.Title);
            var widths = table.Columns.Select((c, i) => table.Rows.Select(r => r[i].Length).Append(c.Length).Max()).ToArray();
            foreach (var row in table.Rows.Prepend(table.Columns))
            {
                output.WriteLine("  " + string.Join("  ", row.Select((cell, i) => i == 0 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]))));
            }

            if (table.Note is { } note)
            {
                output.WriteLine("  " + note);
            }
        }

        output.WriteLine();
    }

    public static string ToJson(ExperimentResult result, BenchOptions options) => new JsonObject
    {
        ["kind"] = "octavo-engine-bench",
        ["schema_version"] = 1,
        ["experiment"] = result.Name,
        ["title"] = result.Title,
        ["model"] = options.ModelPath,
        ["threads"] = options.Threads,
        ["dtype"] = options.DType,
        ["rounds"] = options.Rounds,
        ["machine"] = new JsonObject { ["cpu"] = Processor(), ["cores"] = Environment.ProcessorCount, ["load"] = Load() },
        ["figures"] = new JsonObject(result.Figures.Select(f => KeyValuePair.Create(f.Key, (JsonNode?)f.Value))),
        ["tables"] = new JsonArray([.. result.Tables.Select(t => (JsonNode)new JsonObject
        {
            ["title"] = t.Title,
            ["note"] = t.Note,
            ["columns"] = Texts(t.Columns),
            ["rows"] = new JsonArray([.. t.Rows.Select(r => (JsonNode)Texts(r))]),
            ["plots"] = new JsonArray([.. t.Plots.Select(Plot)]),
        })]),
    }.ToJsonString(Indented);

    private static JsonNode Plot(ResultPlot plot) => new JsonObject
    {
        ["title"] = plot.Title,
        ["x_label"] = plot.XLabel,
        ["y_label"] = plot.YLabel,
        ["curves"] = new JsonArray([.. plot.Curves.Select(c => (JsonNode)new JsonObject
        {
            ["name"] = c.Name,
            ["colour"] = c.Colour,
            ["fitted"] = c.IsFitted,
            ["points"] = new JsonArray([.. c.Points.Select(p => (JsonNode)new JsonArray(p.X, p.Y))]),
        })]),
    };

    /// <summary>A number as tables show it.</summary>
    public static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode)t)]);

    private static string Processor() => FirstLine("/proc/cpuinfo", line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[^1].Trim() ?? "unknown processor";

    private static string Load() => FirstLine("/proc/loadavg", _ => true)?.Split(' ')[0] ?? "unknown";

    private static string? FirstLine(string path, Func<string, bool> wanted) => File.Exists(path) ? File.ReadLines(path).FirstOrDefault(wanted) : null;
}
