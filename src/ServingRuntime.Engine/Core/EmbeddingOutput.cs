namespace Octavo.ServingRuntime.Engine.Core;

/// <summary>The embedding of one prompt.</summary>
/// <param name="Vector">[hidden], or as many elements as were asked for.</param>
/// <param name="NumCachedTokens">Prompt tokens that came from the prefix cache.</param>
public sealed record EmbeddingOutput(float[] Vector, int NumCachedTokens);
