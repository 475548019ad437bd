namespace Octavo.ServingRuntime.Kernels;

/// <summary>RMS norms of each head of queries and of keys before they are rotated.</summary>
/// <param name="Query">float32 [head size].</param>
/// <param name="Key">float32 [head size].</param>
public readonly record struct HeadNorms(Tensor Query, Tensor Key, float Epsilon);
