namespace Octavo.LoadGenerator.Workload;

internal sealed record ChatMessage(string Role, string Content);
