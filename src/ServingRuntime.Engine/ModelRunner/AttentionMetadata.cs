using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.ModelRunner;

/// <summary>Where one step's T tokens stand in their sequences and in the KV blocks; the same for every layer.</summary>
/// <param name="Positions">int32 [T].</param>
/// <param name="Slots">int32 [T]: block * block size + offset.</param>
public readonly record struct AttentionMetadata(Tensor Positions, Tensor Slots, PagedSequences Sequences);
