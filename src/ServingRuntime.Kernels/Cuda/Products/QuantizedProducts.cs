using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;
using Octavo.ServingRuntime.Kernels.Cuda.Launch;

namespace Octavo.ServingRuntime.Kernels.Cuda.Products;

/// <summary>
/// Products of activations and packed weights, by the number of rows: up to 16 at the speed of memory; up to 256 on tensor cores with the packed numbers; beyond, where arithmetic is all that counts, with a
/// piece of the matrix at a time widened for cuBLASLt. Sums are float32. The weight's type says what activations are rounded to; float32 rounds nothing.
/// </summary>
internal sealed class QuantizedProducts(KernelLauncher launcher, MatrixProducts dense, CudaDevice device) : IDisposable
{
    // Widening costs about 4.5 bytes a weight, written and read (20 us for 4096 x 4096 on an H200); cuBLASLt is then about twice as quick as the packed product, which 2 · 4096² · M operations at 350 TFLOP/s make
    // worth it from some 300 to 400 rows on.
    private const int MostPackedRows = 256;

    // A piece that the second-level cache of a large device still holds when it is multiplied.
    private const long WidenedBytes = 32 << 20;

    // Slices that let a small matrix occupy the device: as many blocks as a large one has multiprocessors.
    private const int WantedBlocks = 128, MostSlices = 8, OutputsPerBlock = 128;
    private readonly ScratchMemory inputs = new(device);
    private readonly ScratchMemory sums = new(device);
    private readonly ScratchMemory partial = new(device);
    private readonly ScratchMemory widened = new(device);

    /// <summary>output [M, N] = x [M, K] · weightᵀ (+ bias).</summary>
    /// <param name="output">Of any type of activations for up to 256 rows; float32 or the weight's type for any number.</param>
    public void Multiply(in Tensor x, QuantizedWeight weight, in Tensor output)
    {
        var rows = x.Shape[0];
        Arguments.That(x.Shape.Rank == 2 && x.Shape[1] == weight.InFeatures && output.Shape.Rank == 2 && output.Shape[0] == rows && output.Shape[1] == weight.OutFeatures, $"{x.Shape} by [{weight.OutFeatures}, {weight.InFeatures}] into {output.Shape}");
        if (rows == 0)
        {
            return;
        }

        if (weight.DType == DType.Float32)
        {
            launcher.QuantizedExact(Ready(x, weight), weight, output);
        }
        else if (rows <= KernelLauncher.MostQuantizedRows)
        {
            launcher.QuantizedRows(Ready(x, weight), weight, output);
        }
        else if (rows <= MostPackedRows)
        {
            MultiplyTiles(x, weight, output);
        }
        else
        {
            MultiplyWidened(x, weight, output);
        }
    }

    public void Dispose()
    {
        inputs.Dispose();
        sums.Dispose();
        partial.Dispose();
        widened.Dispose();
    }

    /// <summary>How the inputs of a weight are cut: by its shape alone, in whole groups and quads.</summary>
    internal static (int Slices, int Quads) Slices(QuantizedWeight weight)
    {
        var layout = weight.Layout;
        var unit = layout.GroupSteps % 2 == 0 ? layout.GroupSteps / 2 : layout.GroupSteps;
        var blocks = (weight.OutFeatures + OutputsPerBlock - 1) / OutputsPerBlock;
        int units = (layout.Quads + unit - 1) / unit, wanted = Math.Clamp((WantedBlocks + blocks - 1) / blocks, 1, Math.Min(units, MostSlices));
        var each = (units + wanted - 1) / wanted * unit;
        return ((layout.Quads + each - 1) / each, each);
    }

    /// <summary>Whether the kernels can read x where it is.</summary>
    private static bool IsReady(in Tensor x, QuantizedWeight weight) => weight.Map == 0 && x.DType == weight.DType && x.Shape[1] == weight.Layout.Positions && KernelLauncher.AreAligned(x);

    private Tensor Ready(in Tensor x, QuantizedWeight weight)
    {
        if (IsReady(x, weight))
        {
            return x;
        }

        var made = Inputs(x.Shape[0], weight);
        launcher.QuantizedInputs(x, weight, made, null);
        return made;
    }

    private Tensor Inputs(int rows, QuantizedWeight weight) => inputs.Of(new TensorShape(rows, weight.Layout.Positions), weight.DType);

    private void MultiplyTiles(in Tensor x, QuantizedWeight weight, in Tensor output)
    {
        var rows = x.Shape[0];
        var groupSums = sums.Of(new TensorShape(weight.Layout.Groups, rows), DType.Float32);
        Tensor? made = IsReady(x, weight) ? null : Inputs(rows, weight);
        launcher.QuantizedInputs(x, weight, made, groupSums);
        var (slices, quads) = Slices(weight);
        Tensor? parts = slices > 1 ? partial.Of(new TensorShape(checked(slices * rows), weight.OutFeatures), DType.Float32) : null;
        launcher.QuantizedTiles(made ?? x, groupSums, weight, parts, slices, quads, output);
    }

    private void MultiplyWidened(in Tensor x, QuantizedWeight weight, in Tensor output)
    {
        var made = Ready(x, weight);
        var positions = weight.Layout.Positions;
        var bias = output.DType == DType.Float32 ? weight.Bias : weight.NarrowBias;
        var most = (int)Math.Max(WidenedBytes / (2L * positions) / OutputsPerBlock * OutputsPerBlock, OutputsPerBlock);
        for (var first = 0; first < weight.OutFeatures; first += most)
        {
            var count = Math.Min(most, weight.OutFeatures - first);
            var piece = widened.Of(new TensorShape(count, positions), weight.DType);
            launcher.QuantizedWiden(weight, first / QuantizedLayout.TileOutputs, piece);
            dense.Multiply(made, piece, bias is { } added ? added.Rows(first, count) : null, output.Columns(first, count));
        }
    }
}
