using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Octavo.ServingRuntime.Kernels.Cpu.Assembly;

namespace Octavo.ServingRuntime.Kernels.Cpu.Attention;

/// <summary>
/// What <see cref="PagedAttention"/> does, for caches that are not float32, with both products in tiles: queries and weights are rounded to bfloat16 (eight-bit keys and values are exact in it, their scales
/// go to scores and weights), sums stay float32. Prefill and decode are the same code, sixteen queries at a time, so the same bits.
/// </summary>
internal sealed unsafe class TileAttention : IDisposable
{
    private readonly AttentionTileKernel kernel = new();

    public void Dispose() => kernel.Dispose();

    /// <param name="range">One range of the unit; -1: all, to the outputs.</param>
    public void Run(in AttentionArguments arguments, in AttentionUnit unit, in AttentionTile tile, int range)
    {
        switch (arguments.Layout.DType)
        {
            case DType.BFloat16:
                Run<BFloat16Pairs>(arguments, unit, tile, range);
                break;
            case DType.Int8:
                Run<EightBitPairs<Int8Code>>(arguments, unit, tile, range);
                break;
            default:
                Run<EightBitPairs<Float8Code>>(arguments, unit, tile, range);
                break;
        }
    }

    private void Run<TPairs>(in AttentionArguments arguments, in AttentionUnit unit, in AttentionTile tile, int range)
        where TPairs : struct, IKeyValuePairs
    {
        PagedAttention.SetRows(arguments, unit, tile);
        RoundQueries(arguments, unit, tile);
        kernel.Begin();
        if (range >= 0)
        {
            AddRange<TPairs>(arguments, unit, tile, range, PagedAttention.State(arguments, unit, range));
        }
        else
        {
            AddRange<TPairs>(arguments, unit, tile, unit.FirstRange, tile.Total);
            for (var next = unit.FirstRange + 1; next < unit.EndRange; next++)
            {
                AddRange<TPairs>(arguments, unit, tile, next, tile.Part);
                PagedAttention.Merge<Lanes512, Vector512<float>>(arguments, unit, tile.Total, tile.Part);
            }

            PagedAttention.Finish<Lanes512, Vector512<float>>(arguments, unit, tile.Total);
        }

        kernel.End();
    }

    private static void RoundQueries(in AttentionArguments arguments, in AttentionUnit unit, in AttentionTile tile)
    {
        int headDim = arguments.Layout.HeadDim, width = AttentionTile.RoundedWidth(headDim);
        for (var row = 0; row < AttentionTile.Rows(unit.Tokens * arguments.Group); row++)
        {
            var to = tile.RoundedQueries + ((nint)row * width);
            var d = 0;
            for (; d + 16 <= headDim; d += 16)
            {
                Round(tile.Queries[row] + d, to + d);
            }

            for (; d < headDim; d++)
            {
                to[d] = HostValues.ToBFloat16(tile.Queries[row][d]);
            }

            new Span<ushort>(to + headDim, width - headDim).Clear();
        }

        // What fills the keys up is zero, too, for a product with it must be.
        var pairs = (headDim + 1) / 2;
        new Span<float>(tile.KeyTile + (pairs * AttentionTile.Keys), ((width / 2) - pairs) * AttentionTile.Keys).Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddRange<TPairs>(in AttentionArguments arguments, in AttentionUnit unit, in AttentionTile tile, int range, float* state)
        where TPairs : struct, IKeyValuePairs
    {
        int stateWidth = AttentionTile.StateWidth(arguments.Layout.ValueWidth), rows = AttentionTile.Rows(unit.Tokens * arguments.Group);
        PagedAttention.Reset(state, rows, stateWidth);
        var hidden = arguments.SlidingWindow > 0 ? Math.Max(0, unit.Visible - arguments.SlidingWindow) : 0;
        var end = Math.Min((range + 1) * AttentionTile.Range, unit.Visible + unit.Tokens - 1);
        var table = arguments.BlockTables + ((nint)unit.Sequence * arguments.BlockTableStride);
        var start = Math.Max(range * AttentionTile.Range, hidden / AttentionTile.Keys * AttentionTile.Keys);
        var place = new TilePlace(arguments, table, unit.KVHead, start, end);
        for (; start < end; start += AttentionTile.Keys)
        {
            var next = start + AttentionTile.Keys < end ? new TilePlace(arguments, table, unit.KVHead, start + AttentionTile.Keys, end) : place;
            Load<TPairs>(arguments, tile, place, next);
            for (var row = 0; row < rows; row += AttentionTile.TileRows)
            {
                // Those that only fill up are at the end and see nothing.
                var last = Math.Min(row + AttentionTile.TileRows, unit.Tokens * arguments.Group) - 1;
                if (tile.Visible[last] <= start || (arguments.SlidingWindow > 0 && tile.Visible[row] - arguments.SlidingWindow >= start + AttentionTile.Keys))
                {
                    continue;
                }

                AddTile<TPairs>(arguments, tile, row, last - row + 1, start, state + (row * stateWidth));
            }

            place = next;
        }
    }

    private static void Load<TPairs>(in AttentionArguments arguments, in AttentionTile tile, in TilePlace place, in TilePlace next)
        where TPairs : struct, IKeyValuePairs
    {
        var layout = arguments.Layout;
        var width = layout.ValueWidth;
        for (var run = 0; run * AttentionTile.Run < place.Count; run++)
        {
            TPairs.LoadKeys(place.Keys(run), next.Keys(run), layout.HeadDim, layout.BlockSize, (uint*)tile.KeyTile + (run * AttentionTile.Run));
            TPairs.LoadValues(place.Values(run), next.Values(run), width, (uint*)tile.ValueTile + (run * AttentionTile.Run / 2 * width));
            var scale = Vector512.Create(arguments.Scale);
            if (TPairs.HasScales)
            {
                scale *= Vector512.Load(place.Scales(run));
                Vector512.Load(place.Scales(run) + (layout.KVHeads * layout.BlockSize)).Store(tile.ValueFactors + (run * AttentionTile.Run));
            }

            scale.Store(tile.KeyFactors + (run * AttentionTile.Run));
        }

        // Slots past the end may hold anything, and their weight of zero would not make nothing of what is no number.
        if (place.Count < AttentionTile.Keys)
        {
            var pairs = (uint*)tile.ValueTile;
            if (place.Count % 2 == 1)
            {
                for (var d = 0; d < width; d++)
                {
                    pairs[(place.Count / 2 * width) + d] &= 0xFFFF;
                }
            }

            var whole = (place.Count + 1) / 2;
            new Span<uint>(pairs + (whole * width), ((AttentionTile.Keys / 2) - whole) * width).Clear();
        }
    }

    /// <summary>64 keys for sixteen queries, of which the first <paramref name="count"/> are real.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddTile<TPairs>(in AttentionArguments arguments, in AttentionTile tile, int row, int count, int start, float* state)
        where TPairs : struct, IKeyValuePairs
    {
        int width = arguments.Layout.ValueWidth, stateWidth = AttentionTile.StateWidth(width), roundedWidth = AttentionTile.RoundedWidth(arguments.Layout.HeadDim);
        kernel.Scores(tile.RoundedQueries + ((nint)row * roundedWidth), roundedWidth, (uint*)tile.KeyTile, tile.Weights);
        for (var i = 0; i < count; i++)
        {
            var one = tile.Weights + (i * AttentionTile.Keys);
            for (var key = 0; key < AttentionTile.Keys; key += 16)
            {
                (Vector512.Load(one + key) * Vector512.Load(tile.KeyFactors + key)).Store(one + key);
            }

            var visible = tile.Visible[row + i];
            var from = arguments.SlidingWindow > 0 ? Math.Max(0, visible - arguments.SlidingWindow - start) : 0;
            PagedAttention.Fold<Lanes512, Vector512<float>>(
                one, Math.Min(from, AttentionTile.Keys), Math.Clamp(visible - start, 0, AttentionTile.Keys), arguments.SoftCap, state + (i * stateWidth), width);
            for (var key = 0; key < AttentionTile.Keys; key += 16)
            {
                if (TPairs.HasScales)
                {
                    // A weight of zero stays zero whatever lies in a slot past the end.
                    var weight = Vector512.Load(one + key);
                    var scaled = weight * Vector512.Load(tile.ValueFactors + key);
                    Vector512.ConditionalSelect(Vector512.Equals(weight, Vector512<float>.Zero), weight, scaled).Store(one + key);
                }

                Round(one + key, tile.RoundedWeights + (i * AttentionTile.Keys) + key);
            }
        }

        new Span<ushort>(tile.RoundedWeights + (count * AttentionTile.Keys), (AttentionTile.TileRows - count) * AttentionTile.Keys).Clear();
        kernel.AddValues(tile.RoundedWeights, (uint*)tile.ValueTile, width, state + AttentionTile.StateHead, stateWidth);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(float* from, ushort* to) => Avx512F.ConvertToVector256UInt16(RoundedActivations.Round(Vector512.Load(from))).Store(to);
}
