using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;
using Octavo.ServingRuntime.Kernels.Cuda.Products;

namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <content>Products with packed weights of 4 and 8 bits.</content>
internal sealed partial class KernelLauncher
{
    /// <summary>Rows that the kernel for few rows takes.</summary>
    public const int MostQuantizedRows = 16;
    private const string QuantizedSource = "quantized.cu", ExactSource = "exact.cu";
    private const int QuantizedThreads = 256, ExactThreads = 128, ExactTiles = 4, ExactRows = 4, TilesPerBlock = 8;

    // Stages of weights (and, in tiles, of activations) in shared memory: see Stages in fragments.cuh.
    private const int StageParameterBytes = 256, StagePlaneBytes = 512, StageDepth = 4;

    /// <summary>output [M, N] = x · weightᵀ (+ bias) for up to <see cref="MostQuantizedRows"/> rows.</summary>
    /// <param name="x">[M, inputs] of any activation type, or the weight's positions where it has a map; rows aligned to 16 bytes.</param>
    public void QuantizedRows(in Tensor x, QuantizedWeight weight, in Tensor output)
    {
        int rows = x.Shape[0], inputs = weight.Map == 0 ? weight.InFeatures : weight.Layout.Positions;
        Arguments.That(rows <= MostQuantizedRows && x.Shape[1] >= inputs && AreAligned(x), $"rows {x.Shape} of a weight with {inputs} inputs");
        Arguments.That(output.Shape[0] == rows && output.Shape[1] == weight.OutFeatures, $"{output.Shape} for {rows} rows of {weight.OutFeatures} outputs");
        var few = rows <= 8;
        int tiles = few ? 1 : 2, planes = weight.Bits / 4, depth = 8 / (tiles * planes);
        var kernel = (few, weight.Bits, weight.DType) switch
        {
            (true, 4, DType.BFloat16) => "octavo_quantized_rows_8_4_bf16",
            (false, 4, DType.BFloat16) => "octavo_quantized_rows_16_4_bf16",
            (true, 8, DType.BFloat16) => "octavo_quantized_rows_8_8_bf16",
            (false, 8, DType.BFloat16) => "octavo_quantized_rows_16_8_bf16",
            (true, 4, DType.Float16) => "octavo_quantized_rows_8_4_f16",
            (false, 4, DType.Float16) => "octavo_quantized_rows_16_4_f16",
            (true, 8, DType.Float16) => "octavo_quantized_rows_8_8_f16",
            _ => "octavo_quantized_rows_16_8_f16",
        };
        var layout = weight.Layout;
        kernels[SourceOf(weight), kernel].Launch(
            stream,
            new LaunchGrid(Parts(weight.Tiles, tiles)),
            QuantizedThreads,
            [weight.Values, weight.Parameters, weight.BiasAddress, x, (long)x.RowStride, ElementOf(x), output, (long)output.RowStride, ElementOf(output), rows, inputs, weight.OutFeatures, layout.Quads, layout.GroupSteps, layout.Groups, weight.ParameterPitch],
            TilesPerBlock * depth * tiles * ((planes * StagePlaneBytes) + StageParameterBytes));
    }

    /// <summary>to [rows, positions] = x in the order of the weight's positions, rounded; and the sums of each group of them.</summary>
    /// <param name="sums">[groups, at least rows]; null: not needed.</param>
    public void QuantizedInputs(in Tensor x, QuantizedWeight weight, in Tensor to, in Tensor? sums)
    {
        var layout = weight.Layout;
        Arguments.That(to.IsDense && to.Shape[0] == x.Shape[0] && to.Shape[1] == layout.Positions && x.Shape[1] == weight.InFeatures, $"{x.Shape} into {to.Shape}");
        KernelArgument sumAddress = sums is { } found ? found : (nint)0;
        kernels[QuantizedSource, "octavo_quantized_inputs"].Launch(
            stream,
            new LaunchGrid(x.Shape[0], Parts(layout.Groups, 8)),
            QuantizedThreads,
            [x, (long)x.RowStride, ElementOf(x), weight.InFeatures, weight.Map, to, ElementOf(to), layout.Positions, sumAddress, (long)(sums?.RowStride ?? 0), layout.GroupSteps * QuantizedLayout.Step]);
    }

    /// <summary>output [M, N] = x · weightᵀ (+ bias) for any number of rows.</summary>
    /// <param name="x">Of <see cref="QuantizedInputs"/>, in the weight's type.</param>
    /// <param name="partial">float32 [slices · M, N] where the inputs are cut into slices.</param>
    public void QuantizedTiles(in Tensor x, in Tensor sums, QuantizedWeight weight, in Tensor? partial, int slices, int sliceQuads, in Tensor output)
    {
        int rows = x.Shape[0], block = rows <= 16 ? 16 : 64;
        var layout = weight.Layout;
        var kernel = (block, weight.Bits, weight.DType) switch
        {
            (16, 4, DType.BFloat16) => "octavo_tiles_16_4_bf16",
            (64, 4, DType.BFloat16) => "octavo_tiles_64_4_bf16",
            (16, 8, DType.BFloat16) => "octavo_tiles_16_8_bf16",
            (64, 8, DType.BFloat16) => "octavo_tiles_64_8_bf16",
            (16, 4, DType.Float16) => "octavo_tiles_16_4_f16",
            (64, 4, DType.Float16) => "octavo_tiles_64_4_f16",
            (16, 8, DType.Float16) => "octavo_tiles_16_8_f16",
            _ => "octavo_tiles_64_8_f16",
        };
        var target = partial ?? output;
        Arguments.That((slices > 1) == partial is not null && (partial is null || partial.Value.Shape[0] >= slices * rows), $"{slices} slices of {rows} rows");
        LaunchTiles(
            SourceOf(weight),
            kernel,
            new LaunchGrid(Parts(weight.Tiles, TilesPerBlock), Parts(rows, block), slices),
            TileStageBytes(block, weight.Bits / 4, packed: true),
            [
                weight.Table, x, (long)x.RowStride, sums, (long)sums.RowStride, target, (long)target.RowStride, ElementOf(target), rows, weight.InFeatures, weight.OutFeatures, layout.Quads, layout.GroupSteps, layout.Groups,
                weight.ParameterPitch, sliceQuads, (long)rows, (nint)0, 0L, (nint)0, (nint)0, 1,
            ]);
        if (partial is { } slicesSums)
        {
            kernels[QuantizedSource, "octavo_sum_slices"].Launch(
                stream,
                new LaunchGrid(Parts(weight.OutFeatures, QuantizedThreads), rows),
                QuantizedThreads,
                [slicesSums, slices, (long)rows, weight.BiasAddress, output, (long)output.RowStride, ElementOf(output), weight.OutFeatures]);
        }
    }

    /// <summary>to [count, positions] = outputs of the weight from a tile on, in its type.</summary>
    public void QuantizedWiden(QuantizedWeight weight, int firstTile, in Tensor to)
    {
        var layout = weight.Layout;
        var kernel = (weight.Bits, to.DType) switch
        {
            (4, DType.BFloat16) => "octavo_quantized_widen_4_bf16",
            (8, DType.BFloat16) => "octavo_quantized_widen_8_bf16",
            (4, DType.Float16) => "octavo_quantized_widen_4_f16",
            (8, DType.Float16) => "octavo_quantized_widen_8_f16",
            _ => throw new ArgumentException($"weights of {weight.Bits} bits as {to.DType}", nameof(to)),
        };
        var tiles = Parts(to.Shape[0], QuantizedLayout.TileOutputs);
        Arguments.That(to.IsDense && to.Shape[1] == layout.Positions && firstTile + tiles <= weight.Tiles && tiles <= LaunchGrid.MaxY, $"{to.Shape} from tile {firstTile} of {weight.Tiles}");
        long values = (long)firstTile * layout.Quads * (weight.Bits / 4) * StagePlaneBytes, parameters = (long)firstTile * layout.Groups * weight.ParameterPitch;
        kernels[QuantizedSource, kernel].Launch(
            stream,
            new LaunchGrid(Parts(layout.Quads, 4), tiles),
            ExactThreads,
            [weight.Values + (nint)values, weight.Parameters + (nint)parameters, to, to.Shape[0], layout.Quads, layout.GroupSteps, layout.Groups, weight.ParameterPitch]);
    }

    /// <summary>output [M, N] = x · weightᵀ (+ bias) in float32.</summary>
    /// <param name="x">float32, of <see cref="QuantizedInputs"/>.</param>
    public void QuantizedExact(in Tensor x, QuantizedWeight weight, in Tensor output)
    {
        var rows = x.Shape[0];
        var layout = weight.Layout;
        Arguments.Matrix(x, rows, layout.Positions);
        kernels[ExactSource, weight.Bits == 4 ? "octavo_exact_4" : "octavo_exact_8"].Launch(
            stream,
            new LaunchGrid(Parts(weight.Tiles, ExactTiles), Parts(rows, ExactRows)),
            ExactThreads,
            [
                weight.Table, x, (long)x.RowStride, output, (long)output.RowStride, ElementOf(output), rows, weight.InFeatures, weight.OutFeatures, layout.Quads, layout.GroupSteps, layout.Groups, weight.ParameterPitch,
                (nint)0, 0L, (nint)0, (nint)0, 1,
            ]);
    }

    /// <summary>Whether rows can be read 16 bytes at a time.</summary>
    public static unsafe bool AreAligned(in Tensor x) => (nint)x.Pointer<byte>() % 16 == 0 && (long)x.RowStride * x.DType.Size() % 16 == 0;

    private static int ElementOf(in Tensor tensor) => tensor.DType switch
    {
        DType.Float32 => 0,
        DType.BFloat16 => 1,
        DType.Float16 => 2,
        _ => throw new ArgumentException($"activations of {tensor.DType}", nameof(tensor)),
    };

    private static string SourceOf(QuantizedWeight weight) => SourceOf(weight.Bits, weight.DType);

    private static string SourceOf(int bits, DType dtype) => (bits, dtype) switch
    {
        (0, DType.BFloat16) => "experts_bf16.cu",
        (0, _) => "experts_f16.cu",
        (4, DType.BFloat16) => "quantized_4_bf16.cu",
        (8, DType.BFloat16) => "quantized_8_bf16.cu",
        (4, _) => "quantized_4_f16.cu",
        _ => "quantized_8_f16.cu",
    };

    /// <summary>Shared memory of tile_products, for tiles of so many rows.</summary>
    private static int TileStageBytes(int rows, int planes, bool packed) =>
        StageDepth * ((rows * QuantizedLayout.Quad * 2) + (TilesPerBlock * ((planes * StagePlaneBytes) + (packed ? StageParameterBytes : 0))));

    private void LaunchTiles(string source, string name, LaunchGrid grid, int sharedBytes, ReadOnlySpan<KernelArgument> arguments)
    {
        Arguments.That(grid.Y <= LaunchGrid.MaxY, $"{grid.Y} tiles of rows in one launch");
        kernels[source, name].Launch(stream, grid, QuantizedThreads, arguments, sharedBytes);
    }
}
