namespace Octavo.LoadGenerator.Workload;

/// <summary>One request to send.</summary>
internal sealed record BenchPrompt(string Text, int MaxTokens);
