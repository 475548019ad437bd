namespace Octavo.ServingRuntime.Kernels.Cpu.Attention;

/// <summary>
/// A call's work cut into pieces that threads take one after another. How it is cut depends on the machine; no result does, since a query's keys are always summed by the same
/// ranges and these in the same order.
/// </summary>
internal sealed class AttentionPlan
{
    private AttentionUnit[] units = new AttentionUnit[64];
    private (int Unit, int Range)[] pieces = new (int, int)[64];

    public int Units { get; private set; }

    public int Pieces { get; private set; }

    /// <summary>Whether a piece is one range of a unit, whose states are then to be merged; else it is a whole unit.</summary>
    public bool BySplit { get; private set; }

    /// <summary>float32 elements of memory for the states of a split.</summary>
    public long PartialElements { get; private set; }

    public AttentionUnit this[int unit] => units[unit];

    public (int Unit, int Range) Piece(int index) => BySplit ? pieces[index] : (index, -1);

    public unsafe void Build(in AttentionArguments arguments, int threads)
    {
        Units = Pieces = 0;
        PartialElements = 0;
        var (tokensEach, mostRanges) = (AttentionTile.TokensPerUnit(arguments.Group), 0);
        for (var s = 0; s < arguments.Sequences; s++)
        {
            int begin = arguments.QueryStarts[s], end = arguments.QueryStarts[s + 1];
            var before = arguments.SequenceLengths[s] - (end - begin);

            // The last queries see the most: they come first, so that what is left at the end is short.
            for (var blocks = (end - begin + tokensEach - 1) / tokensEach; blocks > 0; blocks--)
            {
                var token = begin + ((blocks - 1) * tokensEach);
                var tokens = Math.Min(tokensEach, end - token);
                var visible = before + (token - begin) + 1;
                var first = arguments.SlidingWindow > 0 ? Math.Max(0, visible - arguments.SlidingWindow) / AttentionTile.Range : 0;
                var last = (visible + tokens - 2) / AttentionTile.Range;
                mostRanges = Math.Max(mostRanges, last + 1 - first);
                for (var head = 0; head < arguments.Layout.KVHeads; head++)
                {
                    Grow(ref units, Units);
                    units[Units++] = new AttentionUnit(s, head, token, tokens, visible, first, last + 1, PartialElements);
                    PartialElements += (long)(last + 1 - first) * AttentionTile.Rows(tokens * arguments.Group) * AttentionTile.StateWidth(arguments.Layout.ValueWidth);
                }
            }
        }

        BySplit = threads > 1 && mostRanges > 1 && Units < 4 * threads;
        Pieces = Units;
        if (BySplit)
        {
            Split();
        }
    }

    private void Split()
    {
        Pieces = 0;
        for (var unit = 0; unit < Units; unit++)
        {
            for (var range = units[unit].FirstRange; range < units[unit].EndRange; range++)
            {
                Grow(ref pieces, Pieces);
                pieces[Pieces++] = (unit, range);
            }
        }
    }

    private static void Grow<T>(ref T[] array, int count)
    {
        if (count == array.Length)
        {
            Array.Resize(ref array, 2 * array.Length);
        }
    }
}
