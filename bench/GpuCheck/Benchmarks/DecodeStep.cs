using Octavo.ServingRuntime.Kernels;

namespace Octavo.GpuCheck.Benchmarks;

/// <summary>
/// One token of each sequence through the operations of a whole model of Llama 3 8B's shape, once launched kernel by kernel and once as a graph, as the engine replays it: what launches cost, and how near the whole
/// comes to reading its weights and keys and values once.
/// </summary>
internal sealed class DecodeStep : IGpuBenchmark
{
    private const int Layers = 32, Hidden = 4096, Intermediate = 14336, Vocabulary = 128256, HeadDim = 128, Context = 1024;

    public string Name => "decode-step";

    public IEnumerable<GpuMeasurement> Run(BenchDevice device, GpuLimits limits) =>
    [
        .. Model(device, limits, "4 bit", (outputs, inputs) => RandomWeights.Quantized(device, outputs, inputs, 4, 128, DType.BFloat16)),
        .. Model(device, limits, "bfloat16", (outputs, inputs) => RandomWeights.Dense(device, outputs, inputs, DType.BFloat16)),
    ];

    private IEnumerable<GpuMeasurement> Model(BenchDevice device, GpuLimits limits, string form, Func<int, int, LinearWeight> make)
    {
        int layers = device.Size(Layers, 2), intermediate = device.Size(Intermediate, 128), vocabulary = device.Size(Vocabulary, 300), hidden = device.Size(Hidden, 128);
        var weights = new List<LinearWeight>();
        try
        {
            for (var layer = 0; layer < layers; layer++)
            {
                weights.AddRange([make((AttentionScene.HeadsOf(HeadDim) + (2 * AttentionScene.KVHeads)) * HeadDim, hidden), make(hidden, AttentionScene.HeadsOf(HeadDim) * HeadDim), make(2 * intermediate, hidden), make(hidden, intermediate)]);
            }

            weights.Add(RandomWeights.Dense(device, vocabulary, hidden, DType.BFloat16));
            foreach (var fullBatch in (int[])[1, 8, 32, 128])
            {
                var batch = device.Size(fullBatch, 2);
                using var scene = new AttentionScene(device, batch, device.Size(Context, 40), 1, HeadDim, DType.BFloat16);
                var step = Step(device, scene, weights, layers, batch, hidden, intermediate, vocabulary);
                var bytes = weights.Sum(weight => (double)weight.Bytes) + (layers * scene.KeyValueBytes);
                yield return limits.Bandwidth(Name, $"{form}, batch {batch}, context {Context}, kernel by kernel", bytes, device.EagerMicroseconds(step));
                yield return limits.Bandwidth(Name, $"{form}, batch {batch}, context {Context}, as a graph", bytes, device.Microseconds(step));
            }
        }
        finally
        {
            weights.ForEach(weight => weight.Dispose());
        }
    }

    private static Action<int> Step(BenchDevice device, AttentionScene scene, List<LinearWeight> weights, int layers, int batch, int hidden, int intermediate, int vocabulary)
    {
        var backend = device.Backend;
        Tensor x = device.Random(new TensorShape(batch, hidden), DType.BFloat16), residual = device.Random(new TensorShape(batch, hidden), DType.Float32), norm = device.Random(new TensorShape(hidden), DType.Float32);
        Tensor projected = device.Empty(new TensorShape(batch, weights[0].OutFeatures), DType.BFloat16), gated = device.Empty(new TensorShape(batch, intermediate), DType.BFloat16);
        Tensor logits = device.Empty(new TensorShape(batch, vocabulary), DType.Float32), tokens = device.Empty(new TensorShape(batch), DType.Int32);
        return _ =>
        {
            for (var layer = 0; layer < layers; layer++)
            {
                backend.AddRmsNorm(x, residual, norm, 1e-5f, x);
                backend.Linear(x, weights[4 * layer], projected);
                scene.RotateAndStore(projected);
                scene.Attend();
                backend.Linear(scene.Output, weights[(4 * layer) + 1], x);
                backend.AddRmsNorm(x, residual, norm, 1e-5f, x);
                backend.GatedLinear(x, weights[(4 * layer) + 2], GatedActivation.Silu, gated);
                backend.Linear(gated, weights[(4 * layer) + 3], x);
            }

            backend.AddRmsNorm(x, residual, norm, 1e-5f, x);
            backend.Linear(x, weights[^1], logits);
            backend.ArgMax(logits, tokens);
        };
    }
}
