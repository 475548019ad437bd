namespace Octavo.ServingRuntime.Kernels.Cuda.Products;

/// <summary>
/// Where the kernels want the inputs of a quantised matrix (fragments.cuh): at positions in steps of 32 and quads of 64, every group beginning with a step. A group of more than 256 inputs is cut into equal
/// ones of at most as many, which have the same parameters; what does not fill its steps is padded, with activations of zero.
/// </summary>
internal sealed class QuantizedLayout
{
    public const int Step = 32, Quad = 64, TileOutputs = 16, MostGroupSteps = 8;
    private readonly int groupSize;
    private readonly int paddedSteps;
    private readonly int inputs;

    public QuantizedLayout(QuantizedMatrix matrix)
    {
        inputs = matrix.InFeatures;
        groupSize = Math.Min(matrix.GroupSize, inputs);
        var steps = (groupSize + Step - 1) / Step;
        var pieces = (steps + MostGroupSteps - 1) / MostGroupSteps;
        GroupSteps = (steps + pieces - 1) / pieces;
        paddedSteps = GroupSteps * pieces;
        var all = (inputs / groupSize * paddedSteps) + (((inputs % groupSize) + Step - 1) / Step);
        Quads = (all + 1) / 2;
        Groups = ((2 * Quads) + GroupSteps - 1) / GroupSteps;
        Map = MapOf(matrix.InputOrder);
    }

    public int Quads { get; }

    public int Positions => Quads * Quad;

    /// <summary>Steps of a group, as the kernels count groups.</summary>
    public int GroupSteps { get; }

    /// <summary>Of the kernels, the padded end's included.</summary>
    public int Groups { get; }

    /// <summary>Input at each position, -1: none; null: position p has input p, as far as there are inputs, and they are whole packs of 8.</summary>
    public int[]? Map { get; }

    /// <summary>Row of the matrix at a position, or -1.</summary>
    public int RowAt(int position)
    {
        var (group, place) = Math.DivRem(position, paddedSteps * Step);
        var row = (group * groupSize) + place;
        return place < groupSize && row < inputs ? row : -1;
    }

    /// <summary>The matrix's group of one of the kernels' groups, which may be past the last.</summary>
    public int SourceGroup(int group) => group * GroupSteps / paddedSteps;

    private int[]? MapOf(int[]? order)
    {
        if (order is null && inputs % 8 == 0 && (groupSize == inputs || paddedSteps * Step == groupSize))
        {
            return null;
        }

        var map = new int[Positions];
        for (var position = 0; position < map.Length; position++)
        {
            var row = RowAt(position);
            map[position] = row < 0 || order is null ? row : order[row];
        }

        return map;
    }
}
