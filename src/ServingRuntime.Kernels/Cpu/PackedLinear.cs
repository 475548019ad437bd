namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// A weight in panels of <see cref="PanelWidth"/> outputs. Inside a panel the pairs of inputs (k, k + 1) follow one another: float32 and float16 as one row of the
/// panel's outputs for k and one for k + 1, bfloat16 as one word an output with k in its low half: what dot products of pairs want, and sixteen pairs
/// are two tiles side by side. Outputs and inputs beyond the matrix are zero.
/// </summary>
internal sealed unsafe class PackedLinear : LinearWeight
{
    private readonly CpuMemory panels;
    private readonly CpuMemory? bias;

    /// <param name="team">Packs.</param>
    public PackedLinear(ReadOnlySpan<Tensor> weights, ReadOnlySpan<Tensor> biases, DType dtype, DenseProduct product, int panelWidth, ThreadTeam team)
        : base(weights[0].Shape[1], TotalRows(weights))
    {
        if (biases.Length != 0 && biases.Length != weights.Length)
        {
            throw new ArgumentException($"{biases.Length} biases for {weights.Length} matrices", nameof(biases));
        }

        DType = dtype;
        PanelWidth = panelWidth;
        Panels = (OutFeatures + panelWidth - 1) / panelWidth;
        Product = product;
        Pairs = product.RoundsActivations ? RoundedActivations.TilesOf(InFeatures) * (RoundedActivations.TileInputs / 2) : (InFeatures + 1) / 2;
        PairBytes = panelWidth * 2 * dtype.Size();
        PanelBytes = (long)Pairs * PairBytes;
        panels = new CpuMemory(checked(PanelBytes * Panels));

        // Who packs a panel is who multiplies with it, so that it lies in the memory of that node.
        var halves = HasHalves(weights.Length, weights[0].Shape[0], OutFeatures, panelWidth) ? 2 : 1;
        var packer = new PanelPacker(this, weights.ToArray(), halves);
        team.Run(packer.Pack, team.PartsOf(Panels / halves));
        if (biases.Length > 0)
        {
            bias = new CpuMemory((long)Panels * panelWidth * sizeof(float));
            CopyBiases(weights, biases);
        }
    }

    public int PanelWidth { get; }

    public int Panels { get; }

    public DType DType { get; }

    /// <summary>How it is multiplied with.</summary>
    public DenseProduct Product { get; }

    /// <summary>Pairs of inputs, the last one half empty where the number of inputs is odd; whole tiles where activations are rounded.</summary>
    public int Pairs { get; }

    public int PairBytes { get; }

    public long PanelBytes { get; }

    public override long Bytes => panels.Bytes + (bias?.Bytes ?? 0);

    public byte* Panel(int index) => (byte*)panels.Address + (index * PanelBytes);

    /// <summary>One value an output, padded to whole panels; null: none.</summary>
    public float* Bias => bias is null ? null : (float*)bias.Address;

    public override void Dispose()
    {
        panels.Dispose();
        bias?.Dispose();
    }

    /// <summary>
    /// Whether matrices that are stacked are a gate and what it opens: two of as many outputs, which do not meet inside a panel.
    /// A gated product's threads take the same outputs of both.
    /// </summary>
    public static bool HasHalves(int matrices, int firstOutputs, int outputs, int panelWidth) =>
        matrices == 2 && 2 * firstOutputs == outputs && firstOutputs % panelWidth == 0;

    private static int TotalRows(ReadOnlySpan<Tensor> weights)
    {
        var rows = 0;
        foreach (var weight in weights)
        {
            if (weight.Shape.Rank != 2 || weight.Shape[1] != weights[0].Shape[1] || !weight.IsDense)
            {
                throw new ArgumentException($"a dense matrix [N, {weights[0].Shape[1]}] is needed, not {weight.Shape}", nameof(weights));
            }

            rows = checked(rows + weight.Shape[0]);
        }

        return rows;
    }

    private void CopyBiases(ReadOnlySpan<Tensor> weights, ReadOnlySpan<Tensor> biases)
    {
        var row = 0;
        for (var i = 0; i < biases.Length; i++)
        {
            if (biases[i].Shape.ElementCount != weights[i].Shape[0])
            {
                throw new ArgumentException($"a bias {biases[i].Shape} for a weight {weights[i].Shape}", nameof(biases));
            }

            for (var n = 0; n < weights[i].Shape[0]; n++)
            {
                Bias[row++] = HostValues.Read(biases[i], n);
            }
        }
    }
}
