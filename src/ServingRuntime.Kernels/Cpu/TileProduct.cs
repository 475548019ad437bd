using System.Runtime.CompilerServices;
using Octavo.ServingRuntime.Kernels.Cpu.Assembly;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// bfloat16 products by <see cref="TileKernel"/>: an output begins with its bias, then 32 inputs after 32 are added. One row goes by vectors in the same order of sums; up to sixteen pass over two panels
/// at once, each weight read once; more rows go in blocks of 32 by one panel.
/// </summary>
internal sealed unsafe class TileProduct : DenseProduct
{
    private const int PanelOutputs = 32, BlockOfRows = 32, MaxPanels = 4;

    // Inputs that rows pass over before the next ones, so that rows stay in the second-level cache: sums wait in y meanwhile, which loses nothing.
    private const int MaxSteps = 64;
    private readonly TileSwitch tiles = new();
    private readonly TileKernel narrow = new(rowTiles: 1, panels: 1, prefetch: true);
    private readonly TileKernel streaming = new(rowTiles: 1, panels: 2, prefetch: true);
    private readonly TileOrderKernel alone = new(panels: 4);
    private readonly TileOrderKernel aloneNarrow = new(panels: 1);
    private readonly TileKernel first = new(rowTiles: 2, panels: 1, prefetch: true);
    private readonly TileKernel further = new(rowTiles: 2, panels: 1, prefetch: false);

    // [rows - 1], then the sums of a weight without bias.
    private readonly CpuMemory constants = new((BlockOfRows * TileConfiguration.Bytes) + (MaxPanels * PanelOutputs * sizeof(float)));

    public TileProduct()
    {
        for (var rows = 1; rows <= BlockOfRows; rows++)
        {
            TileKernel.Configure(Configuration(rows), rows);
        }
    }

    public override int RowBlock => BlockOfRows;

    public override bool RoundsActivations => true;

    public override int Speed => 6;

    private float* NoBias => (float*)Configuration(BlockOfRows + 1);

    public override void Dispose()
    {
        tiles.Dispose();
        narrow.Dispose();
        streaming.Dispose();
        alone.Dispose();
        aloneNarrow.Dispose();
        first.Dispose();
        further.Dispose();
        constants.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(PackedLinear weight, in DenseCall call, int rowBegin, int rowEnd, int panelBegin, int panelEnd)
    {
        var scratch = stackalloc float[BlockOfRows * PanelOutputs];
        var steps = RoundedActivations.TilesOf(weight.InFeatures);
        var rest = (rowEnd - rowBegin) % BlockOfRows;
        var whole = rowEnd - rest;
        if (whole > rowBegin)
        {
            // Few rows read each weight once from memory anyway; of many, as many inputs at a time as let the rows stay in the cache.
            var parts = whole - rowBegin <= 2 * BlockOfRows ? 1 : (steps + MaxSteps - 1) / MaxSteps;
            var blockRows = Math.Max(RowCacheBytes / (steps / parts * RoundedActivations.TileBytes * 2), 1) * BlockOfRows;
            tiles.Configure(Configuration(BlockOfRows));
            for (var part = 0; part < parts; part++)
            {
                int stepBegin = steps * part / parts, stepEnd = steps * (part + 1) / parts;
                for (var blockBegin = rowBegin; blockBegin < whole; blockBegin += blockRows)
                {
                    RunWhole(weight, call, blockBegin, Math.Min(blockBegin + blockRows, whole), panelBegin, panelEnd, stepBegin, stepEnd, scratch);
                }
            }
        }

        if (rest > 1)
        {
            tiles.Configure(Configuration(rest));
            RunRest(weight, call, whole, rest, panelBegin, panelEnd, scratch);
        }

        tiles.Release();
        if (rest == 1)
        {
            RunAlone(weight, call, whole, panelBegin, panelEnd, scratch);
        }
    }

    private byte* Configuration(int rows) => (byte*)constants.Address + ((rows - 1) * TileConfiguration.Bytes);

    /// <summary>Blocks of 32 rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunWhole(PackedLinear weight, in DenseCall call, int rowBegin, int rowEnd, int panelBegin, int panelEnd, int stepBegin, int stepEnd, float* scratch)
    {
        var steps = RoundedActivations.TilesOf(weight.InFeatures);
        for (var p = panelBegin; p < panelEnd; p++)
        {
            int from = stepBegin, to = stepEnd;
            var valid = Valid(weight, p);
            if (valid < PanelOutputs)
            {
                // A panel that goes into scratch cannot wait in y for further inputs.
                if (stepBegin > 0)
                {
                    continue;
                }

                to = steps;
            }

            for (var row = rowBegin; row < rowEnd; row += BlockOfRows)
            {
                var kernel = row == rowBegin ? first : further;
                Run(kernel, weight, call, row, BlockOfRows, p, valid, from, to, scratch);
            }
        }
    }

    /// <summary>The last row.</summary>
    private void RunAlone(PackedLinear weight, in DenseCall call, int row, int panelBegin, int panelEnd, float* scratch)
    {
        var steps = RoundedActivations.TilesOf(weight.InFeatures);
        var p = panelBegin;
        for (; p + alone.Panels <= panelEnd && Valid(weight, p + alone.Panels - 1) == PanelOutputs; p += alone.Panels)
        {
            var arguments = Arguments(weight, call, row, p, PanelOutputs, 0, steps, scratch);
            alone.Run(&arguments);
        }

        for (; p < panelEnd; p++)
        {
            var valid = Valid(weight, p);
            var arguments = Arguments(weight, call, row, p, valid, 0, steps, scratch);
            aloneNarrow.Run(&arguments);
            if (valid < PanelOutputs)
            {
                CopyPart(scratch, PanelOutputs, call.Y + (row * (nint)call.YStride) + ((nint)p * PanelOutputs), call.YStride, 1, valid);
            }
        }
    }

    /// <summary>The last 2 to 31 rows.</summary>
    private void RunRest(PackedLinear weight, in DenseCall call, int row, int rows, int panelBegin, int panelEnd, float* scratch)
    {
        var steps = RoundedActivations.TilesOf(weight.InFeatures);
        var p = panelBegin;
        if (rows <= TileConfiguration.MaxRows)
        {
            for (; p + 2 <= panelEnd && Valid(weight, p + 1) == PanelOutputs; p += 2)
            {
                Run(streaming, weight, call, row, rows, p, PanelOutputs, 0, steps, scratch);
            }
        }

        for (; p < panelEnd; p++)
        {
            Run(rows <= TileConfiguration.MaxRows ? narrow : first, weight, call, row, rows, p, Valid(weight, p), 0, steps, scratch);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Run(TileKernel kernel, PackedLinear weight, in DenseCall call, int row, int rows, int panel, int valid, int stepBegin, int stepEnd, float* scratch)
    {
        var arguments = Arguments(weight, call, row, panel, valid, stepBegin, stepEnd, scratch);
        kernel.Run(&arguments);
        if (valid < PanelOutputs)
        {
            CopyPart(scratch, PanelOutputs, call.Y + (row * (nint)call.YStride) + ((nint)panel * PanelOutputs), call.YStride, rows, valid);
        }
    }

    /// <summary>A panel that is not whole goes into scratch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TileCall Arguments(PackedLinear weight, in DenseCall call, int row, int panel, int valid, int stepBegin, int stepEnd, float* scratch)
    {
        var skipped = (nint)stepBegin * RoundedActivations.TileBytes;
        var to = call.Y + (row * (nint)call.YStride) + ((nint)panel * PanelOutputs);
        var arguments = new TileCall
        {
            X = call.Rounded!.Block(row / RoundedActivations.BlockRows) + skipped,
            Panel = weight.Panel(panel) + (2 * skipped),
            Panel1 = weight.Panel(panel + 1),
            Sums = weight.Bias is null ? NoBias : weight.Bias + ((nint)panel * PanelOutputs),
            Y = valid == PanelOutputs ? to : scratch,
            YStride = (valid == PanelOutputs ? call.YStride : PanelOutputs) * (nint)sizeof(float),
            Steps = stepEnd - stepBegin,
        };
        arguments.X1 = arguments.X + (nint)call.Rounded.BlockBytes;
        if (stepBegin > 0)
        {
            arguments.Sums = to;
            arguments.SumsStride = arguments.YStride;
        }

        return arguments;
    }

    private static int Valid(PackedLinear weight, int panel) => Math.Min(PanelOutputs, weight.OutFeatures - (panel * PanelOutputs));
}
