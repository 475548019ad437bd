using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Octavo.ServingRuntime.Kernels.Cpu.Assembly;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// Many rows by <see cref="QuantizedTileKernel"/>: of two panels, a stretch of groups is widened to bytes once, into the first-level cache, and all rows pass over it.
/// </summary>
internal static unsafe class QuantizedTiles
{
    private const int PanelsTogether = 2;

    // Two panels of a stretch are 28 KiB of the first-level cache.
    private const int StretchInputs = QuantizedLinear.LongestGroup;

    // Tiles of rows whose sums wait between two stretches; their activations stay in the second-level cache.
    private const int TilesTogether = 16;
    private const int PrefetchDistance = 2048;
    private const int SumsOfTile = QuantizedTileKernel.Rows * QuantizedLinear.PanelWidth;
    private const int WidenedBytes = PanelsTogether * StretchInputs * QuantizedLinear.PanelWidth;

    [SkipLocalsInit]
    public static void Run(nint kernel, QuantizedLinear weight, QuantizedRows x, float* y, int yStride, int tileBegin, int tileEnd, int panelBegin, int panelEnd)
    {
        var groupInputs = weight.BlocksPerGroup * weight.BlockSize;
        var groups = StretchInputs / groupInputs;
        var stack = stackalloc byte[64 + 64 + QuantizedTileKernel.ScratchBytes + (TilesTogether * PanelsTogether * SumsOfTile * sizeof(float)) + WidenedBytes];
        stack = (byte*)(((nuint)stack + 63) & ~(nuint)63);
        QuantizedTileKernel.Configure(stack, weight.BlockSize);
        var scratch = stack + 64;
        var sums = (float*)(scratch + QuantizedTileKernel.ScratchBytes);
        var widened = (byte*)(sums + (TilesTogether * PanelsTogether * SumsOfTile));
        for (var tile = tileBegin; tile < tileEnd; tile += TilesTogether)
        {
            var tiles = Math.Min(TilesTogether, tileEnd - tile);
            for (var panel = panelBegin; panel < panelEnd; panel += PanelsTogether)
            {
                var panels = Math.Min(PanelsTogether, panelEnd - panel);
                new Span<float>(sums, tiles * panels * SumsOfTile).Clear();
                for (var group = 0; group < weight.Groups; group += groups)
                {
                    var count = Math.Min(groups, weight.Groups - group);
                    var arguments = Arguments(weight, x, tile, panel, group);
                    arguments.Configuration = stack;
                    arguments.Scratch = scratch;
                    arguments.Outputs = sums;
                    (arguments.Tiles, arguments.Panels, arguments.Groups) = (tiles, panels, count);
                    if (weight.Bits == 4)
                    {
                        arguments.Weights = widened;
                        arguments.WeightsPanelBytes = (long)count * groupInputs * QuantizedLinear.PanelWidth;
                        for (var p = 0; p < panels; p++)
                        {
                            Widen(weight, panel + p, group, count, widened + (p * arguments.WeightsPanelBytes));
                        }
                    }

                    // Of the last inputs the kernel stores what it has; a tile with fewer rows than it computes comes by itself.
                    var whole = group + count < weight.Groups ? 0 : Math.Min(tiles, (x.Rows / QuantizedTileKernel.Rows) - tile);
                    if (whole > 0)
                    {
                        var stored = arguments;
                        stored.Tiles = whole;
                        stored.Y = y + ((nint)tile * QuantizedTileKernel.Rows * yStride) + (panel * QuantizedLinear.PanelWidth);
                        stored.YStrideBytes = (long)yStride * sizeof(float);
                        stored.Bias = weight.Bias is null ? null : weight.Bias + (panel * QuantizedLinear.PanelWidth);
                        stored.LastMask = 0xFFFF >> Math.Max(0, ((panel + panels) * QuantizedLinear.PanelWidth) - weight.OutFeatures);
                        ((delegate* unmanaged<QuantizedTileArguments*, void>)kernel)(&stored);
                    }

                    if (whole < tiles)
                    {
                        Skip(ref arguments, whole, panels);
                        ((delegate* unmanaged<QuantizedTileArguments*, void>)kernel)(&arguments);
                    }
                }

                if ((tile + tiles) * QuantizedTileKernel.Rows > x.Rows)
                {
                    Store(weight, x, sums + ((tiles - 1) * panels * SumsOfTile), tile + tiles - 1, panel, panels, y, yStride);
                }
            }
        }
    }

    private static QuantizedTileArguments Arguments(QuantizedLinear weight, QuantizedRows x, int tile, int panel, int group)
    {
        const int rows = QuantizedTileKernel.Rows;
        int block = group * weight.BlocksPerGroup;
        var parameters = weight.Panel(panel);
        return new QuantizedTileArguments
        {
            X = x.Values(tile) + ((nint)block * weight.BlockSize * rows), XTileBytes = (long)rows * weight.PaddedInputs,
            Scales = x.Scales(tile) + (block * rows), Corrections = x.Corrections(tile) + (block * rows), ScalesTileBytes = (long)rows * weight.Blocks * sizeof(float),
            GroupSums = weight.Parameters.Form == ZeroForm.Offsets ? x.GroupSums(tile) + (group * rows) : null, SumsTileBytes = (long)rows * weight.Groups * sizeof(float),
            Parameters = parameters + (group * weight.Parameters.Bytes), ParametersPanelBytes = weight.PanelBytes,
            Weights = parameters + weight.HeaderBytes + ((long)block * weight.BlockSize * QuantizedLinear.PanelWidth * weight.Bits / 8), WeightsPanelBytes = weight.PanelBytes,
        };
    }

    /// <summary>Some groups of a panel of nibbles as bytes, less their zero points.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen(QuantizedLinear weight, int panel, int group, int count, byte* to)
    {
        var steps = weight.BlocksPerGroup * weight.BlockSize / 8;
        var from = weight.Panel(panel) + weight.HeaderBytes + ((nint)group * steps * 64);
        var zero = Vector512.Create((byte)(weight.Parameters.Form == ZeroForm.Constant ? weight.Parameters.Zero : 0));
        var mask = Vector512.Create((byte)15);
        for (; count > 0; count--, group++)
        {
            if (weight.Parameters.Form == ZeroForm.Bytes)
            {
                var zeros = weight.Panel(panel) + (group * weight.Parameters.Bytes) + weight.Parameters.ScaleBytes;
                zero = (Avx512F.ConvertToVector512UInt32(Vector128.Load(zeros)) * Vector512.Create(0x01010101u)).AsByte();
            }

            for (var step = 0; step < steps; step++, from += 64, to += 128)
            {
                Sse.Prefetch0(from + PrefetchDistance);
                var both = Vector512.Load(from);
                ((both & mask) - zero).Store(to);
                (((both.AsUInt16() >>> 4).AsByte() & mask) - zero).Store(to + 64);
            }
        }
    }

    /// <summary>Leaves out the first tiles of rows.</summary>
    private static void Skip(ref QuantizedTileArguments arguments, int tiles, int panels)
    {
        arguments.X += tiles * arguments.XTileBytes;
        arguments.Scales += tiles * arguments.ScalesTileBytes / sizeof(float);
        arguments.Corrections += tiles * arguments.ScalesTileBytes / sizeof(int);
        arguments.GroupSums += tiles * arguments.SumsTileBytes / sizeof(float);
        arguments.Outputs += tiles * panels * SumsOfTile;
        arguments.Tiles -= tiles;
    }

    /// <summary>Adds the bias to a tile's sums and stores those rows and outputs that there are.</summary>
    private static void Store(QuantizedLinear weight, QuantizedRows x, float* sums, int tile, int panel, int panels, float* y, int yStride)
    {
        var firstRow = tile * QuantizedTileKernel.Rows;
        for (var row = firstRow; row < x.Rows; row++)
        {
            for (var p = 0; p < panels; p++)
            {
                var from = sums + ((p * SumsOfTile) + ((row - firstRow) * QuantizedLinear.PanelWidth));
                QuantizedColumns.Store<Lanes512, Vector512<float>>(weight, (panel + p) * QuantizedLinear.PanelWidth, Vector512.Load(from), y + (row * (nint)yStride));
            }
        }
    }
}
