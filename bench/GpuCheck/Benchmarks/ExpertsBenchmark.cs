using Octavo.ServingRuntime.Kernels;

namespace Octavo.GpuCheck.Benchmarks;

/// <summary>One layer's mixture of experts, router's choice to sum: for few tokens how fast the weights of the chosen experts are read, for many how fast is multiplied.</summary>
internal sealed class ExpertsBenchmark : IGpuBenchmark
{
    private const int MostTokensByBandwidth = 32;

    public string Name => "experts";

    public IEnumerable<GpuMeasurement> Run(BenchDevice device, GpuLimits limits) =>
    [
        .. Model(device, limits, "Qwen3-30B-A3B", 2048, 768, 128, 8),
        .. Model(device, limits, "Mixtral-8x7B", 4096, 14336, 8, 2),
    ];

    private IEnumerable<GpuMeasurement> Model(BenchDevice device, GpuLimits limits, string model, int fullHidden, int fullInner, int fullExperts, int fullChosen)
    {
        int hidden = device.Size(fullHidden, 128), inner = device.Size(fullInner, 64), experts = device.Size(fullExperts, 4), chosen = device.Size(fullChosen, 2);
        foreach (var (form, bytes, make) in Forms(device))
        {
            var weights = new List<LinearWeight>();
            try
            {
                for (var i = 0; i < experts; i++)
                {
                    weights.Add(make(2 * inner, hidden));
                    weights.Add(make(hidden, inner));
                }

                using var together = ((IExpertKernels)device.Backend).CreateExperts([.. weights.Where((_, i) => i % 2 == 0)], [.. weights.Where((_, i) => i % 2 == 1)], GatedActivation.Silu)!;
                foreach (var fullTokens in (int[])[1, 8, 32, 256, 2048])
                {
                    var tokens = device.Size(fullTokens, 9);
                    Tensor x = device.Random(new TensorShape(tokens, hidden), DType.BFloat16), output = device.Empty(new TensorShape(tokens, hidden), DType.Float32);
                    var logits = device.Random(new TensorShape(tokens, experts), DType.Float32, 7);
                    var microseconds = device.Microseconds(_ => ((IExpertKernels)device.Backend).Experts(x, logits, chosen, true, together, output));
                    var what = $"{model}: {experts} experts [{inner}, {hidden}] {form}, {chosen} chosen, {tokens} tokens";
                    var read = experts * (1 - Math.Pow(1 - ((double)chosen / experts), tokens));
                    yield return tokens <= MostTokensByBandwidth
                        ? limits.Bandwidth(Name, what, read * 3 * hidden * inner * bytes, microseconds)
                        : limits.Products(Name, what, 6.0 * tokens * chosen * hidden * inner, microseconds);
                    device.Release();
                }
            }
            finally
            {
                weights.ForEach(weight => weight.Dispose());
            }
        }
    }

    private static (string Form, double BytesPerWeight, Func<int, int, LinearWeight> Make)[] Forms(BenchDevice device) =>
    [
        ("bfloat16", 2, (outputs, inputs) => RandomWeights.Dense(device, outputs, inputs, DType.BFloat16)),
        ("4 bit", 0.53, (outputs, inputs) => RandomWeights.Quantized(device, outputs, inputs, 4, 128, DType.BFloat16)),
    ];
}
