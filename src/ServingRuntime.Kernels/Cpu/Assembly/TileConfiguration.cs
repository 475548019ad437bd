namespace Octavo.ServingRuntime.Kernels.Cpu.Assembly;

/// <summary>
/// How many rows each tile register has: what ldtilecfg reads (64 bytes, palette 1). All are 64 bytes wide. A section configures the tiles before its first kernel and
/// releases them after its last one, so that they are no part of what the system has to save of an idle thread.
/// </summary>
internal static unsafe class TileConfiguration
{
    public const int Bytes = 64, Tiles = 8, RowBytes = 64, MaxRows = 16, TileBytes = RowBytes * MaxRows;
    private const int PaletteOffset = 0, ColumnsOffset = 16, RowsOffset = 48;

    /// <param name="destination">64 bytes.</param>
    /// <param name="rows">1 to 16 for each of the eight tiles.</param>
    public static void Write(byte* destination, ReadOnlySpan<int> rows)
    {
        new Span<byte>(destination, Bytes).Clear();
        destination[PaletteOffset] = 1;
        for (var tile = 0; tile < Tiles; tile++)
        {
            destination[ColumnsOffset + (2 * tile)] = RowBytes;
            destination[RowsOffset + tile] = (byte)rows[tile];
        }
    }
}
