using System.Runtime.InteropServices;

namespace Octavo.ServingRuntime.Kernels.Cpu.Assembly;

/// <summary>What a kernel of tiles is given. Addresses and distances in bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TileCall
{
    public const int XOffset = 0, X1Offset = 8, PanelOffset = 16, Panel1Offset = 24, SumsOffset = 32, SumsStrideOffset = 40, YOffset = 48, YStrideOffset = 56, StepsOffset = 64;

    /// <summary>The first sixteen rows: tiles of 1024 bytes that follow one another, 32 inputs each.</summary>
    public byte* X;

    /// <summary>The next sixteen rows, for kernels of 32.</summary>
    public byte* X1;

    /// <summary>32 outputs.</summary>
    public byte* Panel;

    /// <summary>The next 32 outputs, for kernels of 64.</summary>
    public byte* Panel1;

    /// <summary>What the sums begin with.</summary>
    public float* Sums;

    /// <summary>From one row's to the next; 0: all rows have the same, a bias.</summary>
    public nint SumsStride;

    public float* Y;

    public nint YStride;

    /// <summary>Tiles of inputs, at least 1.</summary>
    public nint Steps;
}
