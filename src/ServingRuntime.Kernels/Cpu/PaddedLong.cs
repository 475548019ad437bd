using System.Runtime.InteropServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>A word that shares its cache line with nothing else, in an array or in an object, wherever that lies.</summary>
[StructLayout(LayoutKind.Explicit, Size = 2 * CacheLine)]
internal struct PaddedLong
{
    private const int CacheLine = 64;

    [FieldOffset(CacheLine)]
    public long Value;
}
