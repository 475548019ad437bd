namespace Octavo.LoadGenerator.Reporting.Html;

/// <summary>A line of a plot.</summary>
/// <param name="Colour">Which of the page's colours, from 0.</param>
/// <param name="Marked">Whether its points are drawn, each with its numbers as a tooltip.</param>
internal sealed record PlotSeries(string Name, IReadOnlyList<(double X, double Y)> Points, int Colour, bool Marked = false, bool Dashed = false);
