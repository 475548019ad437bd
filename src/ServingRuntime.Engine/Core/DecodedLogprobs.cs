namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>The chosen token and the most likely ones, best first.</summary>
public sealed record DecodedLogprobs(DecodedLogprob Sampled, IReadOnlyList<DecodedLogprob> Top);
