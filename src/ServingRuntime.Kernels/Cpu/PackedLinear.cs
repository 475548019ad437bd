using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// A weight in panels of <see cref="PanelLinear.PanelWidth"/> outputs. Inside a panel the pairs of inputs (k, k + 1) follow one another:
/// float32 as one row of the panel's outputs for k and one for k + 1, bfloat16 as one word an output with k in its low half
/// (what AVX512-BF16's dot product wants, too). Outputs and inputs beyond the matrix are zero.
/// </summary>
internal sealed unsafe class PackedLinear : PanelLinear
{
    private readonly CpuMemory panels;
    private readonly CpuMemory? bias;

    public PackedLinear(ReadOnlySpan<Tensor> weights, ReadOnlySpan<Tensor> biases, DType dtype, int panelWidth)
        : base(weights[0].Shape[1], TotalRows(weights), panelWidth)
    {
        if (dtype is not (DType.Float32 or DType.BFloat16))
        {
            throw new ArgumentException($"weights are held as float32 or bfloat16, not {dtype}", nameof(dtype));
        }

        if (biases.Length != 0 && biases.Length != weights.Length)
        {
            throw new ArgumentException($"{biases.Length} biases for {weights.Length} matrices", nameof(biases));
        }

        DType = dtype;
        Pairs = (InFeatures + 1) / 2;
        PairBytes = panelWidth * 2 * dtype.Size();
        PanelBytes = (long)Pairs * PairBytes;
        panels = new CpuMemory(checked(PanelBytes * Panels));
        var row = 0;
        foreach (var weight in weights)
        {
            Pack(weight, row);
            row += weight.Shape[0];
        }

        if (biases.Length > 0)
        {
            bias = new CpuMemory((long)Panels * panelWidth * sizeof(float));
            CopyBiases(weights, biases);
        }
    }

    public DType DType { get; }

    /// <summary>Pairs of inputs, the last one half empty where the number of inputs is odd.</summary>
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Pack(Tensor weight, int firstRow)
    {
        for (var row = 0; row < weight.Shape[0]; row++)
        {
            var output = firstRow + row;
            var panel = Panel(output / PanelWidth);
            var column = output % PanelWidth;
            for (var k = 0; k < InFeatures; k++)
            {
                var value = HostValues.Read(weight, ((long)row * InFeatures) + k);
                var pair = panel + ((long)(k / 2) * PairBytes);
                if (DType == DType.Float32)
                {
                    ((float*)pair)[((k % 2) * PanelWidth) + column] = value;
                }
                else
                {
                    ((ushort*)pair)[(column * 2) + (k % 2)] = HostValues.ToBFloat16(value);
                }
            }
        }
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
