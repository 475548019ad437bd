using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;
using Octavo.ServingRuntime.Kernels.Cuda.Launch;

namespace Octavo.ServingRuntime.Kernels.Cuda.Products;

/// <summary>
/// Mixtures of experts: choices are sorted by expert, then each of the two products is one launch over tiles that the device finds from the counts. So nothing depends on what the host does not know, and
/// a step can be captured. Many tokens go in runs, whose memory is bounded.
/// </summary>
internal sealed class ExpertProducts(KernelLauncher launcher, CudaDevice device) : IDisposable
{
    // Of the widest of what a run needs.
    private const long RunBytes = 128 << 20;
    private const int LeastTokens = 64;
    private readonly ScratchMemory integers = new(device);
    private readonly ScratchMemory shares = new(device);
    private readonly ScratchMemory inputs = new(device);
    private readonly ScratchMemory inputSums = new(device);
    private readonly ScratchMemory wide = new(device);
    private readonly ScratchMemory activated = new(device);
    private readonly ScratchMemory activatedSums = new(device);
    private readonly ScratchMemory rows = new(device);

    /// <inheritdoc cref="IExpertKernels.Experts"/>
    public void Compute(in Tensor x, in Tensor logits, int k, bool renormalize, DeviceExperts experts, in Tensor output)
    {
        var tokens = x.Shape[0];
        Arguments.Matrix(logits, tokens, experts.Count);
        Arguments.Matrix(output, tokens, experts.HiddenSize);
        Arguments.That(x.Shape[1] == experts.HiddenSize && k > 0 && k <= Math.Min(experts.Count, KernelLauncher.MostChoices), $"{k} of {experts.Count} experts for {x.Shape}");
        var most = (int)Math.Max(RunBytes / (sizeof(float) * (long)k * Math.Max(experts.HiddenSize, 2 * experts.IntermediateSize)), LeastTokens);
        for (var first = 0; first < tokens; first += most)
        {
            var count = Math.Min(most, tokens - first);
            Run(x.Rows(first, count), logits.Rows(first, count), k, renormalize, experts, output.Rows(first, count));
        }
    }

    public void Dispose()
    {
        foreach (var memory in (ScratchMemory[])[integers, shares, inputs, inputSums, wide, activated, activatedSums, rows])
        {
            memory.Dispose();
        }
    }

    private static Tensor? Sums(ScratchMemory memory, ExpertMatrix matrix, int count) => matrix.Bits == 0 ? null : memory.Of(new TensorShape(matrix.Groups, count), DType.Float32);

    private static Tensor Matrix(in Tensor part, int count, int width) => new(part.Memory, Offset(part), new TensorShape(count, width), DType.Int32);

    private static unsafe long Offset(in Tensor part) => (nint)part.Pointer<byte>() - part.Memory.Address;

    private void Run(in Tensor x, in Tensor logits, int k, bool renormalize, DeviceExperts experts, in Tensor output)
    {
        int tokens = x.Shape[0], choices = tokens * k, tileRows = KernelLauncher.ExpertRows(experts.GateUp.DType, choices, experts.Count);
        var limit = KernelLauncher.ExpertTileLimit(choices, experts.Count, tileRows);
        var memory = integers.Of(new TensorShape(checked((experts.Count * tokens) + experts.Count + (2 * limit) + choices)), DType.Int32);
        Tensor lists = memory.Rows(0, experts.Count * tokens), counts = memory.Rows(experts.Count * tokens, experts.Count);
        Tensor places = memory.Rows(experts.Count * (tokens + 1), 2 * limit), chosen = memory.Rows((experts.Count * (tokens + 1)) + (2 * limit), choices);
        var weights = shares.Of(new TensorShape(choices), DType.Float32);
        var tiles = new ExpertTiles(Matrix(lists, experts.Count, tokens), counts, Matrix(places, limit, 2), tileRows);
        launcher.TopExperts(logits, k, renormalize, chosen, weights);
        launcher.ExpertLists(chosen, choices, tiles);

        Tensor? sums = Sums(inputSums, experts.GateUp, tokens);
        var made = inputs.Of(new TensorShape(tokens, experts.GateUp.Positions), experts.GateUp.DType);
        launcher.ExpertInputs(x, experts.GateUp, null, made, sums);
        var both = wide.Of(new TensorShape(choices, experts.GateUp.OutFeatures), experts.GateUp.DType);
        launcher.ExpertProducts(made, sums, experts.GateUp, tiles, k, both);

        sums = Sums(activatedSums, experts.Down, choices);
        var gated = activated.Of(new TensorShape(choices, experts.Down.Positions), experts.Down.DType);
        launcher.ExpertInputs(both, experts.Down, experts.Activation, gated, sums);
        var outputs = rows.Of(new TensorShape(choices, experts.HiddenSize), DType.Float32);
        launcher.ExpertProducts(gated, sums, experts.Down, tiles, 1, outputs);
        launcher.ExpertSum(outputs, chosen, weights, k, output);
    }
}
