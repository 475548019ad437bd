namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>A token with its log-probability (natural).</summary>
/// <param name="TokenId">The id.</param>
/// <param name="Text">The token alone as text; U+FFFD where it is part of a character.</param>
/// <param name="Bytes">The token's bytes.</param>
/// <param name="Logprob">Over raw logits.</param>
public sealed record DecodedLogprob(int TokenId, string Text, byte[] Bytes, float Logprob);
