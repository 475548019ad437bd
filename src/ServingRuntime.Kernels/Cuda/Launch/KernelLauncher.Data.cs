using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;

namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <content>Movement of rows.</content>
internal sealed partial class KernelLauncher
{
    private const string DataSource = "data.cu";

    /// <inheritdoc cref="IKernelBackend.Embedding"/>
    public void Embedding(in Tensor table, in Tensor ids, in Tensor output)
    {
        int rows = output.Shape[0], width = output.Shape[1];
        Arguments.That(table.Shape.Rank == 2 && table.Shape[1] == width, $"a table {table.Shape} for rows of {width}");
        Activations(output, rows, width, output.DType, nameof(output));
        Arguments.Vector(ids, DType.Int32, rows);
        var kernel = table.DType switch
        {
            DType.Float32 => ByType(output.DType, "octavo_embedding_f32_f32", "octavo_embedding_f32_bf16"),
            DType.BFloat16 => ByType(output.DType, "octavo_embedding_bf16_f32", "octavo_embedding_bf16_bf16"),
            DType.Float16 => ByType(output.DType, "octavo_embedding_f16_f32", "octavo_embedding_f16_bf16"),
            _ => throw new ArgumentException($"a table of {table.DType}", nameof(table)),
        };
        kernels[DataSource, kernel].Launch(
            stream, new LaunchGrid(rows), RowThreads, [table, (long)table.RowStride, table.Shape[0], ids, output, (long)output.RowStride, width]);
    }

    /// <inheritdoc cref="IKernelBackend.GatherRows"/>
    public void GatherRows(in Tensor x, in Tensor rows, in Tensor output)
    {
        int count = output.Shape[0], width = x.Shape[1];
        Activations(x, x.Shape[0], width, x.DType, nameof(x));
        Activations(output, count, width, x.DType, nameof(output));
        Arguments.Vector(rows, DType.Int32, count);
        kernels[DataSource, ByType(x.DType, "octavo_gather_rows_f32", "octavo_gather_rows_bf16")].Launch(
            stream, new LaunchGrid(count, Parts(width, 4 * RowThreads)), RowThreads, [x, (long)x.RowStride, x.Shape[0], rows, output, (long)output.RowStride, width]);
    }

    /// <inheritdoc cref="IKernelBackend.ScatterAddRows"/>
    public void ScatterAddRows(in Tensor x, in Tensor rows, in Tensor weights, in Tensor output)
    {
        int count = x.Shape[0], width = output.Shape[1];
        Activations(x, count, width, x.DType, nameof(x));
        Activations(output, output.Shape[0], width, x.DType, nameof(output));
        Arguments.Vector(rows, DType.Int32, count);
        Arguments.Vector(weights, DType.Float32, count);
        kernels[DataSource, ByType(x.DType, "octavo_scatter_add_rows_f32", "octavo_scatter_add_rows_bf16")].Launch(
            stream, new LaunchGrid(output.Shape[0], Parts(width, RowThreads)), RowThreads, [x, (long)x.RowStride, rows, weights, count, output, (long)output.RowStride, width]);
    }
}
