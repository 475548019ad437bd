using Octavo.ServingRuntime.Engine.Core;

namespace Octavo.ServingRuntime.Engine.ModelRunner;

/// <summary>A request's next token; -1 where its logits were not numbers.</summary>
public readonly record struct SampledToken(int TokenId, TokenLogprobs? Logprobs);
