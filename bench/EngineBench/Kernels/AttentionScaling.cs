using Octavo.EngineBench.Results;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.EngineBench.Kernels;

/// <summary>How attention's cost grows with the context: a key's cost by context, which stays the same where the whole grows linearly, and a token's cost with the line that fits it.</summary>
internal static class AttentionScaling
{
    /// <param name="Case">Instruction set and work.</param>
    /// <param name="MicrosecondsAToken">Of one query row, all heads of one layer.</param>
    /// <param name="NanosecondsAKey">Of one query row and one key.</param>
    internal sealed record Point(string Case, DType Type, int Context, double MicrosecondsAToken, double NanosecondsAKey);

    /// <returns>A row for each case and type; a plot for each case that has two contexts or more.</returns>
    public static ResultTable Table(IReadOnlyList<Point> points)
    {
        int[] contexts = [.. points.Select(p => p.Context).Distinct().Order()];
        var cases = points.GroupBy(p => p.Case, StringComparer.Ordinal).ToArray();
        var rows = cases.SelectMany(one => one.GroupBy(p => p.Type).Select(curve => Row(one.Key, curve.Key, [.. curve.OrderBy(p => p.Context)], contexts)));
        return new ResultTable(
            "attention, ns a query and key by context", ["set, case, KV type", .. contexts.Select(c => $"{c}"), "last by first"], [.. rows],
            "the same in every column: cost grows linearly with the context; last by first: the longest context's by the shortest's")
        {
            Plots = [.. cases.Where(one => one.Select(p => p.Context).Distinct().Count() > 1).Select(one => Plot(one.Key, [.. one]))],
        };
    }

    private static string[] Row(string name, DType type, IReadOnlyList<Point> curve, IReadOnlyList<int> contexts) =>
    [
        $"{name} {type}",
        .. contexts.Select(context => curve.FirstOrDefault(p => p.Context == context) is { } point ? ResultWriter.Text(point.NanosecondsAKey, "F2") : ""),
        ResultWriter.Text(curve[^1].NanosecondsAKey / curve[0].NanosecondsAKey, "F2"),
    ];

    private static ResultPlot Plot(string name, IReadOnlyList<Point> points)
    {
        var curves = new List<ResultCurve>();
        foreach (var (colour, curve) in points.GroupBy(p => p.Type).Index())
        {
            (double X, double Y)[] measured = [.. curve.OrderBy(p => p.Context).Select(p => ((double)p.Context, p.MicrosecondsAToken))];
            curves.Add(new ResultCurve($"{curve.Key}", colour, measured));
            if (measured.Length > 1)
            {
                var line = LinearFit.Of(measured);
                curves.Add(new ResultCurve(
                    $"{curve.Key}: {ResultWriter.Text(line.Intercept, "F1")} us + {ResultWriter.Text(line.Slope * 1000, "F2")} ns a token of context", colour,
                    [(measured[0].X, line.At(measured[0].X)), (measured[^1].X, line.At(measured[^1].X))], IsFitted: true));
            }
        }

        return new ResultPlot($"attention of one layer, {name}: cost of a token by context", "tokens of context", "us a token", curves);
    }
}
