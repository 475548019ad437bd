namespace Octavo.LoadGenerator.Workload;

/// <summary>One request to send.</summary>
/// <param name="Messages">A completion gets their contents as one prompt.</param>
/// <param name="TokenIds">The prompt as token ids, in place of the messages.</param>
internal sealed record BenchRequest(IReadOnlyList<ChatMessage> Messages, int[]? TokenIds, int MaxTokens);
