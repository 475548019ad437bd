using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu.Attention;

/// <summary>
/// Online softmax over tiles of 64 keys, in ranges of 512, both counted from the sequence's first token. A query's arithmetic depends on its position and on what the tiles hold,
/// never on which block a tile lies in, which queries are computed beside it, or which thread takes which range; so chunking, caching and preemption change no bit.
/// <para>Tiles and keys that only other queries of a unit see count with a weight of zero. That adds zeros, which may at most turn a sum of -0 into 0; so 0 is added in the end.</para>
/// </summary>
internal static unsafe class PagedAttention
{
    /// <summary>All ranges of a unit, to its outputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TOps, TVector, TFormat>(in AttentionArguments arguments, in AttentionUnit unit, in AttentionTile tile)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TFormat : struct, IKeyValueFormat<TOps, TVector>
    {
        SetRows(arguments, unit, tile);
        AddRange<TOps, TVector, TFormat>(arguments, unit, tile, unit.FirstRange, tile.Total);
        for (var range = unit.FirstRange + 1; range < unit.EndRange; range++)
        {
            AddRange<TOps, TVector, TFormat>(arguments, unit, tile, range, tile.Part);
            Merge<TOps, TVector>(arguments, unit, tile.Total, tile.Part);
        }

        Finish<TOps, TVector>(arguments, unit, tile.Total);
    }

    /// <summary>One range of a unit, to its state among the partial ones.</summary>
    public static void RunRange<TOps, TVector, TFormat>(in AttentionArguments arguments, in AttentionUnit unit, in AttentionTile tile, int range)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TFormat : struct, IKeyValueFormat<TOps, TVector>
    {
        SetRows(arguments, unit, tile);
        AddRange<TOps, TVector, TFormat>(arguments, unit, tile, range, State(arguments, unit, range));
    }

    /// <summary>The states of a unit's ranges, in their order, to its outputs.</summary>
    public static void Combine<TOps, TVector>(in AttentionArguments arguments, in AttentionUnit unit)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var total = State(arguments, unit, unit.FirstRange);
        for (var range = unit.FirstRange + 1; range < unit.EndRange; range++)
        {
            Merge<TOps, TVector>(arguments, unit, total, State(arguments, unit, range));
        }

        Finish<TOps, TVector>(arguments, unit, total);
    }

    public static float* State(in AttentionArguments arguments, in AttentionUnit unit, int range) =>
        arguments.Partials + unit.Partial
        + ((long)(range - unit.FirstRange) * AttentionTile.Rows(unit.Tokens * arguments.Group) * AttentionTile.StateWidth(arguments.Layout.ValueWidth));

    public static void SetRows(in AttentionArguments arguments, in AttentionUnit unit, in AttentionTile tile)
    {
        var (group, rows) = (arguments.Group, unit.Tokens * arguments.Group);
        for (var row = 0; row < AttentionTile.Rows(rows); row++)
        {
            var (token, head) = Math.DivRem(Math.Min(row, rows - 1), group);
            tile.Queries[row] = arguments.Queries + ((nint)(unit.Token + token) * arguments.QueryStride) + (((unit.KVHead * group) + head) * arguments.Layout.HeadDim);
            tile.Visible[row] = row < rows ? unit.Visible + token : 0;
        }
    }

    /// <summary>States that have seen nothing.</summary>
    public static void Reset(float* state, int rows, int stateWidth)
    {
        new Span<float>(state, rows * stateWidth).Clear();
        for (var row = 0; row < rows; row++)
        {
            state[(row * stateWidth) + AttentionTile.StateMax] = float.NegativeInfinity;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRange<TOps, TVector, TFormat>(in AttentionArguments arguments, in AttentionUnit unit, in AttentionTile tile, int range, float* state)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TFormat : struct, IKeyValueFormat<TOps, TVector>
    {
        int stateWidth = AttentionTile.StateWidth(arguments.Layout.ValueWidth), rows = AttentionTile.Rows(unit.Tokens * arguments.Group);
        Reset(state, rows, stateWidth);

        // A window leaves out whole tiles, and in the first of those that remain its head.
        var hidden = arguments.SlidingWindow > 0 ? Math.Max(0, unit.Visible - arguments.SlidingWindow) : 0;
        var end = Math.Min((range + 1) * AttentionTile.Range, unit.Visible + unit.Tokens - 1);
        var table = arguments.BlockTables + ((nint)unit.Sequence * arguments.BlockTableStride);
        var places = stackalloc TilePlace[2];
        var start = Math.Max(range * AttentionTile.Range, hidden / AttentionTile.Keys * AttentionTile.Keys);
        places[0] = new TilePlace(arguments, table, unit.KVHead, start, end);
        for (; start < end; start += AttentionTile.Keys)
        {
            places[1] = start + AttentionTile.Keys < end ? new TilePlace(arguments, table, unit.KVHead, start + AttentionTile.Keys, end) : places[0];
            Load<TOps, TVector, TFormat>(arguments, tile, places[0]);
            var fetched = false;
            for (var row = 0; row < rows; row += AttentionTile.Together)
            {
                // Of four the first has the window that begins first; those that only fill up see nothing.
                var most = Math.Max(Math.Max(tile.Visible[row + 3], tile.Visible[row + 2]), Math.Max(tile.Visible[row + 1], tile.Visible[row]));
                if (most <= start || (arguments.SlidingWindow > 0 && tile.Visible[row] - arguments.SlidingWindow >= start + AttentionTile.Keys))
                {
                    continue;
                }

                AddTile<TOps, TVector, TFormat>(arguments, tile, row, start, places[0].Count, state + (row * stateWidth), places[1], fetched);
                fetched = true;
            }

            places[0] = places[1];
        }
    }

    private static void Load<TOps, TVector, TFormat>(in AttentionArguments arguments, in AttentionTile tile, in TilePlace place)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TFormat : struct, IKeyValueFormat<TOps, TVector>
    {
        var layout = arguments.Layout;
        for (var run = 0; run * AttentionTile.Run < place.Count; run++)
        {
            TFormat.LoadKeys(place.Keys(run), layout.HeadDim, layout.BlockSize, tile.KeyTile + (run * AttentionTile.Run));
            TFormat.LoadValues(place.Values(run), layout.ValueWidth, tile.ValueTile + (run * AttentionTile.Run * layout.ValueWidth));
            for (var slot = 0; slot < AttentionTile.Run; slot += TOps.Count)
            {
                var at = (run * AttentionTile.Run) + slot;
                var scale = TOps.Broadcast(arguments.Scale);
                if (TFormat.HasScales)
                {
                    scale = TOps.Multiply(scale, TOps.Load(place.Scales(run) + slot));
                    TOps.Store(TOps.Load(place.Scales(run) + (layout.KVHeads * layout.BlockSize) + slot), tile.ValueFactors + at);
                }

                TOps.Store(scale, tile.KeyFactors + at);
            }
        }
    }

    /// <summary>64 keys for four queries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddTile<TOps, TVector, TFormat>(
        in AttentionArguments arguments, in AttentionTile tile, int row, int start, int count, float* state, in TilePlace next, bool fetched)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TFormat : struct, IKeyValueFormat<TOps, TVector>
    {
        int headDim = arguments.Layout.HeadDim, width = arguments.Layout.ValueWidth, stateWidth = AttentionTile.StateWidth(width);
        float* weights = tile.Weights, q = tile.Queries[row];
        float* q1 = tile.Queries[row + 1], q2 = tile.Queries[row + 2], q3 = tile.Queries[row + 3];
        var fetch = fetched ? default : next.KeyFetch;
        if (TOps.Count == 16)
        {
            TileProducts.Scores4<TOps, TVector>(q, q1, q2, q3, headDim, tile.KeyTile, tile.KeyFactors, weights, fetch);
        }
        else
        {
            for (var i = 0; i < AttentionTile.Keys; i += 2 * TOps.Count)
            {
                TileProducts.Scores2<TOps, TVector>(q, q1, q2, q3, headDim, tile.KeyTile + i, tile.KeyFactors + i, weights + i, fetch);
                fetch = default;
            }
        }

        for (var i = 0; i < AttentionTile.Together; i++)
        {
            var visible = tile.Visible[row + i];
            var from = arguments.SlidingWindow > 0 ? Math.Max(0, visible - arguments.SlidingWindow - start) : 0;
            var one = weights + (i * AttentionTile.Keys);
            Fold<TOps, TVector>(one, Math.Min(from, AttentionTile.Keys), Math.Clamp(visible - start, 0, AttentionTile.Keys), arguments.SoftCap, state + (i * stateWidth), width);
            if (TFormat.HasScales)
            {
                for (var key = 0; key < AttentionTile.Keys; key += TOps.Count)
                {
                    TOps.Store(TOps.Multiply(TOps.Load(one + key), TOps.Load(tile.ValueFactors + key)), one + key);
                }
            }
        }

        fetch = fetched ? default : next.ValueFetch;
        TileProducts.AddValues<TOps, TVector>(weights, count, tile.ValueTile, width, state + AttentionTile.StateHead, stateWidth, fetch);
    }

    /// <summary>A query's scores become weights relative to its largest score so far; its state follows where that grows. Those outside of [from, end) are not seen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fold<TOps, TVector>(float* weights, int from, int end, float softCap, float* state, int width)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        const int keys = AttentionTile.Keys;
        if (from >= end)
        {
            new Span<float>(weights, keys).Clear();
            return;
        }

        if (softCap > 0)
        {
            Activation.SoftCap<TOps, TVector>(weights, keys, softCap);
        }

        var partly = from > 0 || end < keys;
        if (partly)
        {
            new Span<float>(weights, from).Fill(float.NegativeInfinity);
            new Span<float>(weights + end, keys - end).Fill(float.NegativeInfinity);
        }

        var largest = TOps.Load(weights);
        for (var i = TOps.Count; i < keys; i += TOps.Count)
        {
            largest = TOps.Max(largest, TOps.Load(weights + i));
        }

        var max = TOps.MaxLane(largest);
        if (max > state[AttentionTile.StateMax])
        {
            if (state[AttentionTile.StateMax] != float.NegativeInfinity)
            {
                Rescale<TOps, TVector>(state[AttentionTile.StateMax] - max, state, width);
            }

            state[AttentionTile.StateMax] = max;
        }

        var reference = TOps.Broadcast(state[AttentionTile.StateMax]);
        for (var i = 0; i < keys; i += TOps.Count)
        {
            TOps.Store(VectorMath.Exp<TOps, TVector>(TOps.Subtract(TOps.Load(weights + i), reference)), weights + i);
        }

        if (partly)
        {
            new Span<float>(weights, from).Clear();
            new Span<float>(weights + end, keys - end).Clear();
        }

        for (var lane = 0; lane < VectorMath.SumLanes; lane += TOps.Count)
        {
            var sum = TOps.Load(state + lane);
            for (var i = lane; i < keys; i += VectorMath.SumLanes)
            {
                sum = TOps.Add(sum, TOps.Load(weights + i));
            }

            TOps.Store(sum, state + lane);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rescale<TOps, TVector>(float exponent, float* state, int width)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var factor = VectorMath.Exp<TOps, TVector>(TOps.Broadcast(exponent));
        for (var i = 0; i < VectorMath.SumLanes; i += TOps.Count)
        {
            TOps.Store(TOps.Multiply(TOps.Load(state + i), factor), state + i);
        }

        var output = state + AttentionTile.StateHead;
        for (var i = 0; i < width; i += TOps.Count)
        {
            TOps.Store(TOps.Multiply(TOps.Load(output + i), factor), output + i);
        }
    }

    /// <summary>Each query's state of a later range joins that of those before.</summary>
    public static void Merge<TOps, TVector>(in AttentionArguments arguments, in AttentionUnit unit, float* total, float* part)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        int width = arguments.Layout.ValueWidth, stateWidth = AttentionTile.StateWidth(width);
        for (var row = 0; row < unit.Tokens * arguments.Group; row++, total += stateWidth, part += stateWidth)
        {
            float before = total[AttentionTile.StateMax], here = part[AttentionTile.StateMax];
            if (float.IsNegativeInfinity(here) && Sum(part) == 0)
            {
                continue;
            }

            var max = before >= here ? before : here;
            var (old, added) = (VectorMath.Exp<TOps, TVector>(TOps.Broadcast(before - max)), VectorMath.Exp<TOps, TVector>(TOps.Broadcast(here - max)));
            total[AttentionTile.StateMax] = max;
            for (var i = 0; i < VectorMath.SumLanes; i += TOps.Count)
            {
                TOps.Store(TOps.MultiplyAdd(TOps.Load(part + i), added, TOps.Multiply(TOps.Load(total + i), old)), total + i);
            }

            for (var i = AttentionTile.StateHead; i < stateWidth; i += TOps.Count)
            {
                TOps.Store(TOps.MultiplyAdd(TOps.Load(part + i), added, TOps.Multiply(TOps.Load(total + i), old)), total + i);
            }
        }
    }

    public static void Finish<TOps, TVector>(in AttentionArguments arguments, in AttentionUnit unit, float* state)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        int headDim = arguments.Layout.HeadDim, width = arguments.Layout.ValueWidth, group = arguments.Group;
        for (var row = 0; row < unit.Tokens * group; row++, state += AttentionTile.StateWidth(width))
        {
            var (token, head) = Math.DivRem(row, group);
            var output = arguments.Output + ((nint)(unit.Token + token) * arguments.OutputStride) + (((unit.KVHead * group) + head) * headDim);
            var values = state + AttentionTile.StateHead;
            var inverse = TOps.Broadcast(1f / VectorMath.ReduceSum(state));
            for (var i = 0; i < width; i += TOps.Count)
            {
                TOps.Store(TOps.MultiplyAdd(TOps.Load(values + i), inverse, TOps.Zero), values + i);
            }

            new Span<float>(values, headDim).CopyTo(new Span<float>(output, headDim));
        }
    }

    private static float Sum(float* lanes)
    {
        var sum = 0f;
        for (var i = 0; i < VectorMath.SumLanes; i++)
        {
            sum += lanes[i];
        }

        return sum;
    }
}
