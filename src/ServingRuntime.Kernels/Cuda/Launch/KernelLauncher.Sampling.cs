using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;

namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <content>Drawing tokens.</content>
internal sealed partial class KernelLauncher
{
    private const string SamplingSource = "sampling.cu";

    // A weight of 1 is 2^42, and their sum has 64 bits.
    private const int MaxSampledWidth = 1 << 21;

    /// <summary>Draws one token for each of the rows; see <see cref="ISamplingKernels.Sample"/>.</summary>
    /// <param name="rows">On the device: <see cref="SamplingRow"/>s as int32 [8 * count]; the rows that they name must be there.</param>
    /// <param name="tokens">int32 [count].</param>
    public void Sample(in Tensor logits, in Tensor largest, in Tensor rows, in Tensor tokens)
    {
        int count = tokens.Shape[0], width = logits.Shape[1];
        Arguments.Matrix(logits, logits.Shape[0], width);
        Arguments.Vector(largest, DType.Int32, logits.Shape[0]);
        Arguments.Vector(tokens, DType.Int32, count);
        Arguments.Vector(rows, DType.Int32, 8 * count);
        Arguments.That(width <= MaxSampledWidth, $"sampling from {width} tokens; {MaxSampledWidth} at most");

        // As many threads as a row gives something to do; the tokens are the same.
        var threads = width >= 1 << 15 ? 1024 : width >= 1 << 12 ? 512 : 128;
        kernels[SamplingSource, "octavo_sample"].Launch(stream, new LaunchGrid(count), threads, [logits, (long)logits.RowStride, width, largest, rows, tokens]);
    }
}
