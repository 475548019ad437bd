using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// Whole numbers in panels. Inside a panel the pairs of inputs (k, k + 1) follow one another: 4 bits as one byte an output with k in its low half, 8 bits as
/// one row of bytes for k and one for k + 1. Of a panel, for each group: a row of scales and a row of offsets with the sign turned, float32.
/// </summary>
internal sealed unsafe class QuantizedLinear : PanelLinear
{
    private readonly CpuMemory panels;
    private readonly CpuMemory groups;
    private readonly CpuMemory? bias;
    private readonly long panelBytes;

    public QuantizedLinear(IReadOnlyList<QuantizedMatrix> parts, ReadOnlySpan<Tensor> biases, int panelWidth)
        : base(parts[0].InFeatures, parts.Sum(part => part.OutFeatures), panelWidth)
    {
        foreach (var part in parts)
        {
            part.Validate();
            if (!part.StacksWith(parts[0]))
            {
                throw new ArgumentException("matrices that are stacked have the same inputs, bits, groups and order", nameof(parts));
            }
        }

        if (biases.Length != 0 && biases.Length != parts.Count)
        {
            throw new ArgumentException($"{biases.Length} biases for {parts.Count} matrices", nameof(biases));
        }

        Bits = parts[0].Bits;
        GroupSize = Math.Min(parts[0].GroupSize, InFeatures);
        Groups = parts[0].Groups;
        InputOrder = parts[0].InputOrder;
        PairBytes = panelWidth * Bits / 4;
        panelBytes = (long)(InFeatures / 2) * PairBytes;
        panels = new CpuMemory(checked(panelBytes * Panels));
        groups = new CpuMemory(checked((long)Panels * Groups * 2 * panelWidth * sizeof(float)));
        bias = biases.Length > 0 ? new CpuMemory((long)Panels * panelWidth * sizeof(float)) : null;
        var first = 0;
        for (var i = 0; i < parts.Count; i++)
        {
            Pack(parts[i], first);
            for (var n = 0; bias is not null && n < parts[i].OutFeatures; n++)
            {
                Bias[first + n] = HostValues.Read(biases[i], n);
            }

            first += parts[i].OutFeatures;
        }
    }

    public int Bits { get; }

    public int GroupSize { get; }

    public int Groups { get; }

    public override int[]? InputOrder { get; }

    public int PairBytes { get; }

    public override long Bytes => panels.Bytes + groups.Bytes + (bias?.Bytes ?? 0);

    /// <summary>One value an output, padded to whole panels; null: none.</summary>
    public float* Bias => bias is null ? null : (float*)bias.Address;

    public byte* Panel(int index) => (byte*)panels.Address + (index * panelBytes);

    /// <summary>The scales, then the negative offsets of a panel's group.</summary>
    public float* Group(int panel, int group) => (float*)groups.Address + ((((nint)panel * Groups) + group) * 2 * PanelWidth);

    public override void Dispose()
    {
        panels.Dispose();
        groups.Dispose();
        bias?.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Pack(QuantizedMatrix matrix, int firstOutput)
    {
        var outputs = matrix.OutFeatures;
        for (var n = 0; n < outputs; n++)
        {
            var output = firstOutput + n;
            int panel = output / PanelWidth, column = output % PanelWidth;
            var to = Panel(panel);
            for (var k = 0; k < InFeatures; k += 2, to += PairBytes)
            {
                byte even = matrix.Values[((long)k * outputs) + n], odd = matrix.Values[((long)(k + 1) * outputs) + n];
                if (Bits == 4)
                {
                    to[column] = (byte)(even | (odd << 4));
                }
                else
                {
                    to[column] = even;
                    to[PanelWidth + column] = odd;
                }
            }

            for (var group = 0; group < Groups; group++)
            {
                Group(panel, group)[column] = matrix.Scales[((long)group * outputs) + n];
                Group(panel, group)[PanelWidth + column] = -matrix.Offsets[((long)group * outputs) + n];
            }
        }
    }
}
