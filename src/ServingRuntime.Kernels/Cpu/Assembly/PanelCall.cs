using System.Runtime.InteropServices;

namespace Octavo.ServingRuntime.Kernels.Cpu.Assembly;

/// <summary>What an assembled kernel is given: some rows by one or several panels. Addresses and distances in bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PanelCall
{
    public const int XOffset = 0, XStrideOffset = 8, PanelOffset = 16, PanelBytesOffset = 24, BiasOffset = 32, YOffset = 40, YStrideOffset = 48, StepsOffset = 56, OddOffset = 64, ContinueOffset = 72;

    /// <summary>The first row's first input, or its first tile.</summary>
    public byte* X;

    public nint XStride;

    /// <summary>The first panel.</summary>
    public byte* Panel;

    /// <summary>From one panel to the next.</summary>
    public nint PanelBytes;

    /// <summary>One value an output, or null.</summary>
    public float* Bias;

    public float* Y;

    public nint YStride;

    /// <summary>Pairs of inputs, or tiles of 32 inputs; at least 1 (pairs: 0 is allowed).</summary>
    public nint Steps;

    /// <summary>Not 0: one more input follows the pairs.</summary>
    public nint Odd;

    /// <summary>Not 0: sums go on from what Y holds.</summary>
    public nint Continue;
}
