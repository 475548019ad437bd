namespace Octavo.ServingRuntime.Kernels;

/// <summary>The content of one KV block into another, in all layers.</summary>
public readonly record struct BlockCopy(int Source, int Destination);
