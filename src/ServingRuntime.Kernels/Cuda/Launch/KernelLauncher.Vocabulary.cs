using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;

namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <content>Work on logits, which are float32.</content>
internal sealed partial class KernelLauncher
{
    private const string VocabularySource = "vocabulary.cu";
    private const int VocabularyThreads = 512;

    // A piece of a row for one block: few enough to read in some microseconds, so many that a large vocabulary keeps a whole device busy.
    private const int ArgMaxPiece = 8 * VocabularyThreads;

    /// <summary>Candidates that <see cref="ArgMax"/> needs room for, of 8 bytes each.</summary>
    public static long ArgMaxCandidates(int rows, int width) => rows * Parts(width, ArgMaxPiece);

    /// <inheritdoc cref="IKernelBackend.ArgMax"/>
    /// <param name="candidates">Device memory for <see cref="ArgMaxCandidates"/>.</param>
    public void ArgMax(in Tensor logits, in Tensor tokens, TensorMemory candidates)
    {
        int rows = logits.Shape[0], width = logits.Shape[1];
        Arguments.Matrix(logits, rows, width);
        Arguments.Vector(tokens, DType.Int32, rows);
        Arguments.That(rows <= LaunchGrid.MaxY, $"{rows} rows of logits");
        Arguments.That(candidates.Bytes >= 8 * ArgMaxCandidates(rows, width), $"{candidates.Bytes} bytes for the candidates of {logits.Shape}");
        var pieces = (int)Parts(width, ArgMaxPiece);
        kernels[VocabularySource, "octavo_arg_max_pieces"].Launch(stream, new LaunchGrid(pieces, rows), VocabularyThreads, [logits, (long)logits.RowStride, width, candidates.Address]);
        kernels[VocabularySource, "octavo_arg_max"].Launch(stream, new LaunchGrid(rows), 32, [candidates.Address, pieces, tokens]);
    }

    /// <inheritdoc cref="IKernelBackend.LogSoftmax"/>
    public void LogSoftmax(in Tensor logits, in Tensor output)
    {
        int rows = logits.Shape[0], width = logits.Shape[1];
        Arguments.Matrix(logits, rows, width);
        Arguments.Matrix(output, rows, width);
        kernels[VocabularySource, "octavo_log_softmax"].Launch(
            stream, new LaunchGrid(rows), VocabularyThreads, [logits, (long)logits.RowStride, output, (long)output.RowStride, width]);
    }

    /// <inheritdoc cref="IKernelBackend.TopExperts"/>
    public void TopExperts(in Tensor logits, int k, bool renormalize, in Tensor experts, in Tensor weights)
    {
        int rows = logits.Shape[0], width = logits.Shape[1];
        Arguments.Matrix(logits, rows, width);
        Arguments.That(k > 0 && k <= width, $"{k} of {width} experts");
        Arguments.Vector(experts, DType.Int32, rows * k);
        Arguments.Vector(weights, DType.Float32, rows * k);
        kernels[VocabularySource, "octavo_top_experts"].Launch(
            stream, new LaunchGrid(Parts(rows, WarpsPerBlock)), 32 * WarpsPerBlock, [logits, (long)logits.RowStride, rows, width, k, renormalize ? 1 : 0, experts, weights]);
    }
}
