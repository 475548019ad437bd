namespace Octavo.LoadGenerator.Workload;

/// <summary>One request of a recorded load.</summary>
/// <param name="Seconds">Since the first request.</param>
/// <param name="BlockIds">Names of the prompt's blocks from its beginning: equal names, equal content. Null: the trace tells none.</param>
internal sealed record TraceRow(double Seconds, int InputTokens, int OutputTokens, IReadOnlyList<int>? BlockIds = null);
