namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>A request in flight as an operator may see it: never its text.</summary>
/// <param name="RequestId">The server's id.</param>
/// <param name="ClientRequestId">The client's.</param>
/// <param name="Tenant">Whose it is.</param>
/// <param name="State">queued, or running once a first answer has a token.</param>
/// <param name="PromptTokens">Of the prompt.</param>
/// <param name="Answers">How many it asked for.</param>
/// <param name="GeneratedTokens">So far, of all answers.</param>
/// <param name="Age">Since its arrival.</param>
public sealed record LiveRequest(string RequestId, string? ClientRequestId, string? Tenant, string State, int PromptTokens, int Answers, int GeneratedTokens, TimeSpan Age);
