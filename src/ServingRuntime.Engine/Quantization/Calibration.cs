using Octavo.ServingRuntime.Engine.Layers;
using Octavo.ServingRuntime.Engine.ModelRunner;
using Octavo.ServingRuntime.Engine.Models;
using Octavo.ServingRuntime.Kernels;

namespace Octavo.ServingRuntime.Engine.Quantization;

/// <summary>Runs the model as it is over calibration tokens and keeps samples of what its linear layers get. Memory for all samples together is bounded.</summary>
internal sealed class Calibration
{
    /// <summary>Tokens of a pass: enough that loading the weights anew for each does not count.</summary>
    private const int TokensPerPass = 2048;

    private const int BlockSize = 16;
    private const long SampleBytes = 1L << 30;
    private const int MaxRows = 256;
    private const int MinRows = 32;
    private readonly Dictionary<Linear, InputSample> samples = [];

    /// <summary>Begins to sample the inputs of a plan's groups.</summary>
    public void Watch(QuantizationPlan plan, int seed = 20)
    {
        var inputs = plan.Layers.SelectMany(layer => layer).Select(group => group.Input).ToList();
        var rows = (int)Math.Clamp(SampleBytes / sizeof(float) / inputs.Sum(input => (long)input.InFeatures), MinRows, MaxRows);
        for (var i = 0; i < inputs.Count; i++)
        {
            samples[inputs[i]] = new InputSample(inputs[i].InFeatures, rows, new Random(seed + i));
        }
    }

    /// <summary>For <see cref="ModelLoader.WeightLoader.Observer"/>.</summary>
    public void Observe(Linear linear, in Tensor x)
    {
        if (samples.TryGetValue(linear, out var sample))
        {
            sample.Add(x);
        }
    }

    public InputSample Sample(ScaleGroup group) => samples[group.Input];

    public void Run(IKernelBackend backend, CausalDecoder model, ModelConfig config, IReadOnlyList<int[]> sequences, Action<int> passed, CancellationToken cancellationToken)
    {
        for (var next = 0; next < sequences.Count;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var pass = new List<int[]>();
            for (var tokens = 0; next < sequences.Count && (pass.Count == 0 || tokens + sequences[next].Length <= TokensPerPass); next++)
            {
                pass.Add(sequences[next]);
                tokens += sequences[next].Length;
            }

            Forward(backend, model, config, pass);
            passed(next);
        }
    }

    private static void Forward(IKernelBackend backend, CausalDecoder model, ModelConfig config, List<int[]> sequences)
    {
        var blocks = sequences.ConvertAll(sequence => (sequence.Length + BlockSize - 1) / BlockSize);
        var width = blocks.Max();
        List<int> positions = [], slots = [], starts = [0];
        var tables = new int[sequences.Count * width];
        for (int s = 0, block = 1; s < sequences.Count; block += blocks[s], s++)
        {
            positions.AddRange(Enumerable.Range(0, sequences[s].Length));
            slots.AddRange(Enumerable.Range(block * BlockSize, sequences[s].Length));
            starts.Add(positions.Count);
            for (var b = 0; b < blocks[s]; b++)
            {
                tables[(s * width) + b] = block + b;
            }
        }

        var owned = new List<Tensor>();
        Tensor Ints(TensorShape shape, ReadOnlySpan<int> values)
        {
            var tensor = backend.Allocate(shape, DType.Int32);
            owned.Add(tensor);
            backend.CopyToDevice(values, tensor);
            return tensor;
        }

        Tensor Vector(IReadOnlyCollection<int> values) => Ints(new TensorShape(values.Count), values.ToArray());

        // A layer reads only what it has stored in this pass, so all layers may have the same blocks.
        using var cache = backend.AllocateKeyValueBlocks(1 + blocks.Sum(), config.NumKeyValueHeads, config.HeadDim, BlockSize);
        try
        {
            var metadata = new AttentionMetadata(
                Vector(positions), Vector(slots),
                new PagedSequences(Vector(starts), Vector([.. sequences.Select(sequence => sequence.Length)]), Ints(new TensorShape(sequences.Count, width), tables)));
            model.Forward(Vector([.. sequences.SelectMany(sequence => sequence)]), metadata, [.. Enumerable.Repeat(cache, config.NumHiddenLayers)]);
        }
        finally
        {
            owned.ForEach(tensor => tensor.Memory.Dispose());
        }
    }
}
