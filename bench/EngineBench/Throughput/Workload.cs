namespace Octavo.EngineBench.Throughput;

/// <summary>Requests that arrive together, all of one length; greedy, EOS ignored.</summary>
internal sealed record Workload(string Name, int Streams, int PromptTokens, int OutputTokens);
