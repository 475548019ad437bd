using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// Activations in bfloat16 as products of pairs and of tiles want them, in memory that call after call reuses: blocks of sixteen rows; of each block tiles of 32 inputs one after
/// another; of each tile sixteen rows of 64 bytes. Inputs beyond the matrix are zero, rows beyond it are whatever was there.
/// </summary>
internal sealed unsafe class RoundedActivations : IDisposable
{
    public const int BlockRows = 16, TileInputs = 32, RowBytes = 64, TileBytes = BlockRows * RowBytes;
    private const long LeastBytes = 2 << 20;
    private CpuMemory? memory;

    /// <summary>Tiles of a block.</summary>
    public int Tiles { get; private set; }

    public long BlockBytes => (long)Tiles * TileBytes;

    public static int TilesOf(int inFeatures) => (inFeatures + TileInputs - 1) / TileInputs;

    /// <summary>Makes room.</summary>
    public void Prepare(int rows, int inFeatures)
    {
        Tiles = TilesOf(inFeatures);
        var bytes = checked((rows + BlockRows - 1) / BlockRows * BlockBytes);
        if (memory is null || memory.Bytes < bytes)
        {
            // More than is asked for, so that batches that grow row by row do not allocate each time.
            var most = Math.Max(LeastBytes, 2 * bytes);
            memory?.Dispose();
            memory = new CpuMemory(most);
        }
    }

    /// <summary>A block's first tile.</summary>
    public byte* Block(int block) => (byte*)memory!.Address + (block * BlockBytes);

    /// <summary>Rounds rows to nearest, ties to even. Different rows may be rounded by different threads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Round(float* x, int xStride, int inFeatures, int rowBegin, int rowEnd)
    {
        var rest = stackalloc float[TileInputs];
        for (var row = rowBegin; row < rowEnd; row++)
        {
            var from = x + (row * (nint)xStride);
            var to = Block(row / BlockRows) + (row % BlockRows * RowBytes);
            var k = 0;
            for (; k + TileInputs <= inFeatures; k += TileInputs, to += TileBytes)
            {
                Vector512.Store(Round(Vector512.Load(from + k), Vector512.Load(from + k + 16)), (ushort*)to);
            }

            if (k < inFeatures)
            {
                new Span<float>(rest, TileInputs).Clear();
                new ReadOnlySpan<float>(from + k, inFeatures - k).CopyTo(new Span<float>(rest, TileInputs));
                Vector512.Store(Round(Vector512.Load(rest), Vector512.Load(rest + 16)), (ushort*)to);
            }
        }
    }

    public void Dispose() => memory?.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> Round(Vector512<float> low, Vector512<float> high) => Vector512.Narrow(Round(low), Round(high));

    /// <summary>As <see cref="HostValues.ToBFloat16"/>: nearest, ties to even; what is no number stays none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Round(Vector512<float> value)
    {
        var bits = value.AsUInt32();
        var upper = bits >>> 16;
        var rounded = (bits + Vector512.Create(0x7FFFu) + (upper & Vector512<uint>.One)) >>> 16;
        return Vector512.ConditionalSelect(Vector512.Equals(value, value).AsUInt32(), rounded, upper | Vector512.Create(0x40u));
    }
}
