using System.Globalization;
using Octavo.LoadGenerator.Configuration;

namespace Octavo.LoadGenerator.Sweep;

/// <summary>Runs that differ in one thing.</summary>
/// <param name="Base">What they have in common; its JSON path and quietness are the sweep's.</param>
/// <param name="Values">As the user wrote them.</param>
/// <param name="Labels">What reports call the points; empty: by their values.</param>
/// <param name="PromptsPerStream">Requests by concurrency; null: the number of the base.</param>
/// <param name="PointSeconds">Requests by rate, so that each point takes about so long; null: the number of the base.</param>
internal sealed record SweepOptions(ServeOptions Base, SweepVariable Variable, IReadOnlyList<string> Values, IReadOnlyList<string> Labels, int Rounds, int? PromptsPerStream, double? PointSeconds)
{
    private const int SeedStep = 7919;

    /// <summary>The options of one point. Prompts never repeat between rounds or points, so no point profits from another's cache; only servers get the same ones.</summary>
    public ServeOptions At(int point, int round)
    {
        var value = Values[point];
        var options = Base with
        {
            Seed = Base.Seed + (SeedStep * ((round * (Variable == SweepVariable.BaseUrl ? 1 : Values.Count)) + (Variable == SweepVariable.BaseUrl ? 0 : point))),
            Label = Label(point),
            JsonPath = null,
            Quiet = true,
        };
        switch (Variable)
        {
            case SweepVariable.MaxConcurrency:
                var streams = int.Parse(value, CultureInfo.InvariantCulture);
                return options with { MaxConcurrency = streams, NumPrompts = PromptsPerStream * streams ?? options.NumPrompts };
            case SweepVariable.RequestRate:
                var rate = double.Parse(value, CultureInfo.InvariantCulture);
                return options with { RequestRate = rate, NumPrompts = PointSeconds is { } seconds ? Math.Max(1, (int)Math.Round(rate * seconds)) : options.NumPrompts };
            default:
                return options with { BaseUrl = value };
        }
    }

    public string Label(int point) => point < Labels.Count ? Labels[point] : Variable switch
    {
        SweepVariable.MaxConcurrency => $"{Values[point]} at once",
        SweepVariable.RequestRate => $"{Values[point]}/s",
        _ => Values[point],
    };
}
