namespace Octavo.ServingRuntime.Kernels.Cpu.Attention;

/// <summary>
/// Sizes of paged attention, all counted from a sequence's first token, so that they are the same for every chunking and company; and one thread's memory for it.
/// </summary>
internal readonly unsafe struct AttentionTile
{
    /// <summary>Keys whose scores are folded into a softmax at a time.</summary>
    public const int Keys = 64;

    /// <summary>Slots that lie together in every block size.</summary>
    public const int Run = 16;

    /// <summary>Keys that are summed by themselves before they join those of the ranges before.</summary>
    public const int Range = 512;

    /// <summary>Queries whose scores are computed together.</summary>
    public const int Together = 4;

    /// <summary>Queries that make a tile register; rows are filled up to a multiple of it.</summary>
    public const int TileRows = 16;

    /// <summary>Before the output in a query's state: the softmax' sum in lanes, then the largest score so far.</summary>
    public const int StateHead = 32;
    public const int StateMax = VectorMath.SumLanes;

    private const int MostRows = 64;

    /// <param name="memory">As many floats as <see cref="Elements"/> says, aligned to 64 bytes.</param>
    public AttentionTile(float* memory, in KeyValueLayout layout, int group)
    {
        var rows = Rows(Math.Max(MostRows, group));
        KeyTile = memory;
        ValueTile = KeyTile + (KeyRows(layout.HeadDim) * Keys);
        KeyFactors = ValueTile + (Keys * layout.ValueWidth);
        ValueFactors = KeyFactors + Keys;
        Weights = ValueFactors + Keys;
        RoundedWeights = (ushort*)(Weights + (TileRows * Keys));
        RoundedQueries = RoundedWeights + (TileRows * Keys);
        Total = (float*)(RoundedQueries + ((long)rows * RoundedWidth(layout.HeadDim)));
        Part = Total + ((long)rows * StateWidth(layout.ValueWidth));
        Queries = (float**)(Part + ((long)rows * StateWidth(layout.ValueWidth)));
        Visible = (int*)(Queries + rows);
    }

    /// <summary>[HeadDim][64], or pairs [HeadDim / 2][64].</summary>
    public float* KeyTile { get; }

    /// <summary>[64][ValueWidth], or pairs [32][ValueWidth].</summary>
    public float* ValueTile { get; }

    /// <summary>[64]: what scores are multiplied by.</summary>
    public float* KeyFactors { get; }

    /// <summary>[64]: what weights are multiplied by, where the cache has scales.</summary>
    public float* ValueFactors { get; }

    /// <summary>[16][64], of which vectors use the first four rows at a time.</summary>
    public float* Weights { get; }

    /// <summary>[16][64] bfloat16.</summary>
    public ushort* RoundedWeights { get; }

    /// <summary>[rows][<see cref="RoundedWidth"/>] bfloat16.</summary>
    public ushort* RoundedQueries { get; }

    /// <summary>[rows] states of the ranges so far.</summary>
    public float* Total { get; }

    /// <summary>[rows] states of one range.</summary>
    public float* Part { get; }

    /// <summary>[rows].</summary>
    public float** Queries { get; }

    /// <summary>[rows]: keys up to and with the query's own; 0 for rows that only fill up four.</summary>
    public int* Visible { get; }

    public static int Rows(int queries) => (queries + TileRows - 1) / TileRows * TileRows;

    /// <summary>Elements of a query filled up with zeros to what tiles sum at a time.</summary>
    public static int RoundedWidth(int headDim) => (headDim + 31) / 32 * 32;

    public static int StateWidth(int valueWidth) => StateHead + valueWidth;

    public static int TokensPerUnit(int group) => Math.Max(1, MostRows / group);

    /// <summary>float32 elements of one thread's memory.</summary>
    public static long Elements(in KeyValueLayout layout, int group)
    {
        long rows = Rows(Math.Max(MostRows, group));
        var floats = ((long)KeyRows(layout.HeadDim) * Keys) + ((long)Keys * layout.ValueWidth) + (2 * Keys)
            + (TileRows * Keys * 3 / 2) + (rows * RoundedWidth(layout.HeadDim) / 2) + (2 * rows * StateWidth(layout.ValueWidth)) + (3 * rows);
        return (floats + 63) / 64 * 64;
    }

    /// <summary>As float32 a row for each element and one for the pair of the last; as pairs of bfloat16 half of what tiles sum.</summary>
    private static int KeyRows(int headDim) => Math.Max(headDim + 1, RoundedWidth(headDim) / 2);
}
