namespace Octavo.EngineBench.Results;

/// <summary>A table as it is printed: the first column is text, the others are numbers.</summary>
internal sealed record ResultTable(string Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows, string? Note = null)
{
    /// <summary>What the report's page draws of it; the console shows none.</summary>
    public IReadOnlyList<ResultPlot> Plots { get; init; } = [];
}
