namespace Octavo.LoadGenerator.Workload;

internal sealed record BenchTurn(PromptPiece Prompt, int MaxTokens);
