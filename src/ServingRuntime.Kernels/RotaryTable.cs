namespace Octavo.ServingRuntime.Kernels;

/// <summary>By how much heads are rotated at each position.</summary>
/// <param name="CosSin">float32 [positions, R]: R/2 cosines, then R/2 sines.</param>
/// <param name="Interleaved">Element 2i pairs with 2i + 1, not i with i + R/2.</param>
public readonly record struct RotaryTable(Tensor CosSin, bool Interleaved);
