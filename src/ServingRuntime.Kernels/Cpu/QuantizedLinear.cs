namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// Whole numbers in panels of 16 outputs, one layout for every instruction set. A group of inputs is cut into blocks (the inputs that activations are rounded
/// together by), padded to whole blocks; one of more than 896 inputs is first cut into equal ones. A panel is one run of memory: the parameters of its groups, then its values.
/// <para>Values: 64 bytes hold 16 outputs by 8 inputs of 4 bits or 4 inputs of 8 bits; output n has the bytes 4n to 4n + 3. A byte j of 4 bits holds input j in its
/// low half and input j + 4 in its high half. That is what dot products of bytes (vpdpbusd) and tiles want, after one shift and mask.</para>
/// <para>Parameters of a group: 16 scales (float16 where that holds them all exactly, else float32), then zero points: none where all are the same,
/// bytes, or, where offset / scale is no whole number, the offsets in float32.</para>
/// </summary>
internal sealed unsafe class QuantizedLinear : LinearWeight
{
    public const int PanelWidth = 16;
    public const int LongestGroup = 896;
    private const int CacheLine = 64;
    private readonly CpuMemory panels;
    private readonly CpuMemory? bias;

    /// <param name="team">Packs.</param>
    public QuantizedLinear(IReadOnlyList<QuantizedMatrix> parts, ReadOnlySpan<Tensor> biases, DType dtype, ThreadTeam team)
        : base(parts[0].InFeatures, parts.Sum(part => part.OutFeatures))
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

        if (dtype is not (DType.Float32 or DType.BFloat16))
        {
            throw new ArgumentException($"products are of float32 or bfloat16, not {dtype}", nameof(dtype));
        }

        DType = dtype;
        Bits = parts[0].Bits;
        var groupSize = Math.Min(parts[0].GroupSize, InFeatures);
        BlockSize = BlockSizeOf(groupSize);
        Splits = (groupSize + LongestGroup - 1) / LongestGroup;
        GroupSize = Splits == 1 ? groupSize : (((groupSize + Splits - 1) / Splits) + BlockSize - 1) / BlockSize * BlockSize;
        Groups = parts[0].Groups * Splits;
        BlocksPerGroup = (GroupSize + BlockSize - 1) / BlockSize;
        Panels = (OutFeatures + PanelWidth - 1) / PanelWidth;
        Parameters = QuantizedParameters.Of(parts);
        InputMap = MapInputs(parts[0]);
        HeaderBytes = (((Groups * Parameters.Bytes) + CacheLine - 1) / CacheLine) * CacheLine;
        PanelBytes = HeaderBytes + ((long)PaddedInputs * PanelWidth * Bits / 8);
        panels = new CpuMemory(checked(PanelBytes * Panels));
        bias = biases.Length > 0 ? new CpuMemory((long)Panels * PanelWidth * sizeof(float)) : null;
        QuantizedPacking.Pack(this, parts, team);
        var first = 0;
        for (var i = 0; i < biases.Length; i++)
        {
            for (var n = 0; n < parts[i].OutFeatures; n++)
            {
                Bias[first + n] = HostValues.Read(biases[i], n);
            }

            first += parts[i].OutFeatures;
        }
    }

    /// <summary>float32: products with activations as they are. bfloat16: with activations rounded to bytes by blocks.</summary>
    public DType DType { get; }

    public int Bits { get; }

    /// <summary>Inputs of a group; the last of those that a longer one was cut into may have fewer.</summary>
    public int GroupSize { get; }

    public int Groups { get; }

    /// <summary>Groups that one of the checkpoint's was cut into, each with its parameters.</summary>
    public int Splits { get; }

    /// <summary>16, 32 or 64 inputs.</summary>
    public int BlockSize { get; }

    public int BlocksPerGroup { get; }

    public int Blocks => Groups * BlocksPerGroup;

    public int PaddedInputs => Blocks * BlockSize;

    public int Panels { get; }

    public QuantizedParameters Parameters { get; }

    /// <summary>Bytes of a panel before its values.</summary>
    public int HeaderBytes { get; }

    public long PanelBytes { get; }

    /// <summary>For each of the padded inputs the input that it is, or -1; null: they are the inputs.</summary>
    public int[]? InputMap { get; }

    public override long Bytes => panels.Bytes + (bias?.Bytes ?? 0);

    /// <summary>One value an output, padded to whole panels; null: none.</summary>
    public float* Bias => bias is null ? null : (float*)bias.Address;

    public byte* Panel(int index) => (byte*)panels.Address + (index * PanelBytes);

    /// <summary>Of the sizes that pad a group least, the largest.</summary>
    public static int BlockSizeOf(int groupSize)
    {
        static int Padded(int group, int block) => (group + block - 1) / block * block;
        var best = 64;
        foreach (var block in (ReadOnlySpan<int>)[32, 16])
        {
            best = Padded(groupSize, block) < Padded(groupSize, best) ? block : best;
        }

        return best;
    }

    public override void Dispose()
    {
        panels.Dispose();
        bias?.Dispose();
    }

    /// <summary>Inputs of the matrix, in its own order, that a group has.</summary>
    public (int Begin, int End) InputsOf(QuantizedMatrix part, int group)
    {
        var (whole, split) = Math.DivRem(group, Splits);
        int first = whole * part.GroupSize, begin = first + (split * GroupSize);
        return (begin, Math.Max(begin, Math.Min(Math.Min(begin + GroupSize, first + part.GroupSize), InFeatures)));
    }

    private int[]? MapInputs(QuantizedMatrix part)
    {
        if (part.InputOrder is null && PaddedInputs == InFeatures)
        {
            return null;
        }

        var map = new int[PaddedInputs];
        Array.Fill(map, -1);
        for (var group = 0; group < Groups; group++)
        {
            var (begin, end) = InputsOf(part, group);
            for (var k = begin; k < end; k++)
            {
                map[(group * BlocksPerGroup * BlockSize) + k - begin] = part.InputOrder?[k] ?? k;
            }
        }

        return map;
    }
}
