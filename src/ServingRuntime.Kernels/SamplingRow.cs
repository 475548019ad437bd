using System.Runtime.InteropServices;

namespace Octavo.ServingRuntime.Kernels;

/// <summary>What one token is drawn from and under. 32 bytes, laid out as kernels read it.</summary>
/// <param name="Row">Of the logits.</param>
/// <param name="Temperature">Above 0.</param>
/// <param name="TopK">0 and below, and from the vocabulary's size on: no limit.</param>
/// <param name="TopP">From 1 on: no limit.</param>
/// <param name="MinP">0: no limit.</param>
/// <param name="Uniform">In [0, 1): chooses the token, in the order of ids.</param>
[StructLayout(LayoutKind.Explicit, Size = 32)]
public readonly record struct SamplingRow(
    [field: FieldOffset(0)] int Row, [field: FieldOffset(4)] float Temperature, [field: FieldOffset(8)] int TopK, [field: FieldOffset(12)] float TopP, [field: FieldOffset(16)] float MinP,
    [field: FieldOffset(24)] double Uniform);
