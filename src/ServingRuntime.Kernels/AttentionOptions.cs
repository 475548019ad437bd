namespace Octavo.ServingRuntime.Kernels;

/// <summary>What a layer's attention computes beside the plain softmax.</summary>
/// <param name="Scale">Factor of every query-key product.</param>
/// <param name="SlidingWindow">The query at position p sees only positions above p - window; 0: all up to p.</param>
/// <param name="SoftCap">c: a score s becomes c · tanh(s / c) (Gemma 2); 0: none.</param>
public readonly record struct AttentionOptions(float Scale, int SlidingWindow = 0, float SoftCap = 0);
