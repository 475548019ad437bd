using System.Runtime.CompilerServices;
using Octavo.ServingRuntime.Kernels.Cpu.Assembly;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// Products by <see cref="PanelKernel"/>: every output is one chain over k = 0, 1, 2, … (fused multiply-adds, or dot products of the pairs), then the bias. Few rows pass over several panels
/// at once, each weight read once; many rows pass over a part of a panel that stays in the first-level cache, the sums of its inputs going on from the part before.
/// </summary>
internal sealed unsafe class PanelProduct : DenseProduct
{
    private const int PanelCacheBytes = 24 * 1024;

    // What the vector registers hold: sums, a panel's weights, inputs.
    private static readonly int[] PanelsByRows16 = [4, 4, 4, 2, 2, 2, 1, 1, 1, 1, 1, 1];
    private static readonly int[] PanelsByRows8 = [4, 3, 2, 1, 1, 1];
    private readonly PanelMath math;
    private readonly int lanes;
    private readonly int maxRows;

    // [rows - 1]: by one panel, and by as many as the registers hold.
    private readonly PanelKernel[] single;
    private readonly PanelKernel[] several;

    public PanelProduct(PanelMath math, int lanes)
    {
        this.math = math;
        this.lanes = lanes;
        var panels = lanes == 16 ? PanelsByRows16 : PanelsByRows8;
        maxRows = RoundsActivations ? RoundedActivations.BlockRows / 2 : panels.Length;
        single = [.. Enumerable.Range(1, maxRows).Select(rows => new PanelKernel(math, lanes, rows, 1))];
        several = [.. single.Select((kernel, i) => panels[i] == 1 ? kernel : new PanelKernel(math, lanes, i + 1, panels[i]))];
    }

    public override int RowBlock => RoundsActivations ? RoundedActivations.BlockRows : maxRows;

    public override bool RoundsActivations => math == PanelMath.BFloat16Pairs;

    public override int Speed => RoundsActivations ? 2 : 1;

    public override void Dispose()
    {
        foreach (var kernel in single.Concat(several))
        {
            kernel.Dispose();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run(PackedLinear weight, in DenseCall call, int rowBegin, int rowEnd, int panelBegin, int panelEnd)
    {
        if (rowEnd - rowBegin <= maxRows)
        {
            RunFew(weight, call, rowBegin, rowEnd, panelBegin, panelEnd);
            return;
        }

        var scratch = stackalloc float[maxRows * 2 * lanes];
        var inputBytes = RoundsActivations ? sizeof(ushort) : sizeof(float);
        var blockRows = Math.Max(RowCacheBytes / (weight.InFeatures * inputBytes) / RowBlock, 1) * RowBlock;

        // In pairs, and whole tiles where rows come in tiles.
        var blockPairs = Math.Max(PanelCacheBytes / weight.PairBytes / (RoundedActivations.TileInputs / 2), 1) * (RoundedActivations.TileInputs / 2);
        for (var blockBegin = rowBegin; blockBegin < rowEnd; blockBegin += blockRows)
        {
            var blockEnd = Math.Min(blockBegin + blockRows, rowEnd);
            for (var p = panelBegin; p < panelEnd; p++)
            {
                // The last panel's outputs may be fewer than it is wide; its sums would lie where other rows' do, so it is done at once.
                var whole = Valid(weight, p) == weight.PanelWidth;
                var pairs = whole ? blockPairs : weight.Pairs;
                for (var pair = 0; pair < weight.Pairs; pair += pairs)
                {
                    RunRows(weight, call, blockBegin, blockEnd, p, pair, Math.Min(pair + pairs, weight.Pairs), scratch);
                }
            }
        }
    }

    private static int Valid(PackedLinear weight, int panel) => Math.Min(weight.PanelWidth, weight.OutFeatures - (panel * weight.PanelWidth));

    private void RunFew(PackedLinear weight, in DenseCall call, int rowBegin, int rowEnd, int panelBegin, int panelEnd)
    {
        var rows = rowEnd - rowBegin;
        var scratch = stackalloc float[rows * 2 * lanes];
        var kernel = several[rows - 1];
        var p = panelBegin;
        for (; p + kernel.Panels <= panelEnd && Valid(weight, p + kernel.Panels - 1) == weight.PanelWidth; p += kernel.Panels)
        {
            RunTile(kernel, weight, call, rowBegin, p, 0, weight.Pairs, scratch);
        }

        for (; p < panelEnd; p++)
        {
            RunRows(weight, call, rowBegin, rowEnd, p, 0, weight.Pairs, scratch);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunRows(PackedLinear weight, in DenseCall call, int rowBegin, int rowEnd, int panel, int pairBegin, int pairEnd, float* scratch)
    {
        // As even as can be, so that none but the last tiles are smaller, and those by one row.
        for (var row = rowBegin; row < rowEnd;)
        {
            var left = rowEnd - row;
            var rows = RoundsActivations ? Math.Min(left, maxRows) : (left + ((left + maxRows - 1) / maxRows) - 1) / ((left + maxRows - 1) / maxRows);
            RunTile(single[rows - 1], weight, call, row, panel, pairBegin, pairEnd, scratch);
            row += rows;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void RunTile(PanelKernel kernel, PackedLinear weight, in DenseCall call, int row, int panel, int pairBegin, int pairEnd, float* scratch)
    {
        var width = weight.PanelWidth;
        var last = pairEnd == weight.Pairs;
        var arguments = new PanelCall
        {
            Panel = weight.Panel(panel) + ((nint)pairBegin * weight.PairBytes),
            PanelBytes = (nint)weight.PanelBytes,
            Bias = last && weight.Bias is not null ? weight.Bias + ((nint)panel * width) : null,
            Continue = pairBegin > 0 ? 1 : 0,
        };
        if (RoundsActivations)
        {
            arguments.X = call.Rounded!.Block(row / RoundedActivations.BlockRows) + (row % RoundedActivations.BlockRows * RoundedActivations.RowBytes)
                + ((nint)pairBegin / (RoundedActivations.TileInputs / 2) * RoundedActivations.TileBytes);
            arguments.Steps = (pairEnd - pairBegin) / (RoundedActivations.TileInputs / 2);
        }
        else
        {
            arguments.X = (byte*)(call.X + (row * (nint)call.XStride) + (2 * (nint)pairBegin));
            arguments.XStride = (nint)call.XStride * sizeof(float);
            arguments.Odd = last ? weight.InFeatures & 1 : 0;
            arguments.Steps = pairEnd - pairBegin - arguments.Odd;
        }

        var to = call.Y + (row * (nint)call.YStride) + ((nint)panel * width);
        var valid = kernel.Panels > 1 ? width : Valid(weight, panel);
        arguments.Y = valid == width ? to : scratch;
        arguments.YStride = (valid == width ? call.YStride : width) * (nint)sizeof(float);
        kernel.Run(&arguments);
        if (valid < width)
        {
            CopyPart(scratch, width, to, call.YStride, kernel.Rows, valid);
        }
    }
}
