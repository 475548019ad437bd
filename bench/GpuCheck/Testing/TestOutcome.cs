namespace Octavo.GpuCheck.Testing;

/// <summary>What became of one test.</summary>
/// <param name="Result">passed, failed or skipped.</param>
/// <param name="Message">Why it failed or was skipped.</param>
internal sealed record TestOutcome(string Name, string Result, double Seconds, string? Message);
