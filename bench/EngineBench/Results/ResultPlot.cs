namespace Octavo.EngineBench.Results;

/// <summary>What the report's page draws below a table.</summary>
internal sealed record ResultPlot(string Title, string XLabel, string YLabel, IReadOnlyList<ResultCurve> Curves);

/// <summary>A line of a plot.</summary>
/// <param name="Colour">Which of the page's colours, from 0; a measured curve and what is fitted to it have the same.</param>
/// <param name="IsFitted">Computed from measured points: dashed, without marks.</param>
internal sealed record ResultCurve(string Name, int Colour, IReadOnlyList<(double X, double Y)> Points, bool IsFitted = false);
