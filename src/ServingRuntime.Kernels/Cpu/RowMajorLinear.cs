namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>The plain reference's weight: every value in float32, row by row.</summary>
internal sealed class RowMajorLinear : LinearWeight
{
    public RowMajorLinear(ReadOnlySpan<Tensor> weights, ReadOnlySpan<Tensor> biases, DType dtype)
        : base(weights[0].Shape[1], weights.ToArray().Sum(weight => weight.Shape[0]))
    {
        Values = Read(weights, dtype);
        Bias = biases.Length == 0 ? null : Read(biases, DType.Float32);
    }

    public RowMajorLinear(IReadOnlyList<QuantizedMatrix> parts, ReadOnlySpan<Tensor> biases)
        : base(parts[0].InFeatures, parts.Sum(part => part.OutFeatures))
    {
        Values = new float[InFeatures * OutFeatures];
        Bias = biases.Length == 0 ? null : Read(biases, DType.Float32);
        var first = 0;
        foreach (var part in parts)
        {
            for (var i = 0; i < part.Values.Length; i++)
            {
                var (k, n) = (i / part.OutFeatures, i % part.OutFeatures);
                var parameters = ((k / part.GroupSize) * part.OutFeatures) + n;
                Values[((first + n) * InFeatures) + (part.InputOrder?[k] ?? k)] = (float)(((double)part.Values[i] * part.Scales[parameters]) - part.Offsets[parameters]);
            }

            first += part.OutFeatures;
        }
    }

    public float[] Values { get; }

    public float[]? Bias { get; }

    public override long Bytes => (Values.LongLength + (Bias?.LongLength ?? 0)) * sizeof(float);

    public override void Dispose()
    {
    }

    private static float[] Read(ReadOnlySpan<Tensor> tensors, DType dtype)
    {
        var values = new List<float>();
        foreach (var tensor in tensors)
        {
            for (var i = 0L; i < tensor.Shape.ElementCount; i++)
            {
                var value = HostValues.Read(tensor, i);
                values.Add(dtype == DType.BFloat16 ? HostValues.FromBFloat16(HostValues.ToBFloat16(value)) : value);
            }
        }

        return [.. values];
    }
}
