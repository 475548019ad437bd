using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;

namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <content>Movement of rows.</content>
internal sealed partial class KernelLauncher
{
    private const string DataSource = "data.cu";
    private static readonly KernelNames EmbeddingNames = new("octavo_embedding");
    private static readonly KernelNames GatherNames = new("octavo_gather_rows");
    private static readonly KernelNames ScatterNames = new("octavo_scatter_add_rows");

    /// <inheritdoc cref="IKernelBackend.Embedding"/>
    public void Embedding(in Tensor table, in Tensor ids, in Tensor output)
    {
        int rows = output.Shape[0], width = output.Shape[1];
        Arguments.That(table.Shape.Rank == 2 && table.Shape[1] == width, $"a table {table.Shape} for rows of {width}");
        Arguments.That(KernelNames.IsActivation(table.DType), $"a table of {table.DType}");
        Arguments.Matrix(output, rows, width);
        Arguments.Vector(ids, DType.Int32, rows);
        kernels[DataSource, EmbeddingNames[table.DType]].Launch(
            stream, new LaunchGrid(rows), RowThreads, [table, (long)table.RowStride, table.Shape[0], ids, output, (long)output.RowStride, width]);
    }

    /// <inheritdoc cref="IKernelBackend.GatherRows"/>
    public void GatherRows(in Tensor x, in Tensor rows, in Tensor output)
    {
        int count = output.Shape[0], width = x.Shape[1];
        Activations(x, x.Shape[0], width, x.DType, nameof(x));
        Activations(output, count, width, x.DType, nameof(output));
        Arguments.Vector(rows, DType.Int32, count);
        kernels[DataSource, GatherNames[x.DType]].Launch(
            stream, new LaunchGrid(count, Parts(width, 4 * RowThreads)), RowThreads, [x, (long)x.RowStride, x.Shape[0], rows, output, (long)output.RowStride, width]);
    }

    /// <inheritdoc cref="IKernelBackend.ScatterAddRows"/>
    public void ScatterAddRows(in Tensor x, in Tensor rows, in Tensor weights, in Tensor output)
    {
        int count = x.Shape[0], width = output.Shape[1];
        Activations(x, count, width, x.DType, nameof(x));
        Arguments.Matrix(output, output.Shape[0], width);
        Arguments.Vector(rows, DType.Int32, count);
        Arguments.Vector(weights, DType.Float32, count);
        kernels[DataSource, ScatterNames[x.DType]].Launch(
            stream, new LaunchGrid(output.Shape[0], Parts(width, RowThreads)), RowThreads, [x, (long)x.RowStride, rows, weights, count, output, (long)output.RowStride, width]);
    }
}
