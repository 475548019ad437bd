namespace Octavo.EngineBench.Results;

/// <summary>What one experiment found.</summary>
/// <param name="Figures">The numbers that others read, by stable names.</param>
internal sealed record ExperimentResult(string Name, string Title, IReadOnlyList<ResultTable> Tables, IReadOnlyDictionary<string, double> Figures);
