using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;
using Octavo.ServingRuntime.Kernels.Cuda.Products;

namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <content>Products with packed weights of 4 and 8 bits.</content>
internal sealed unsafe partial class KernelLauncher
{
    /// <summary>Rows that the kernel for few rows takes.</summary>
    public const int MostQuantizedRows = 16;
    private const string QuantizedSource = "quantized.cu", ExactSource = "exact.cu";
    private const int QuantizedThreads = 256, ExactThreads = 128, ExactTiles = 4, ExactRows = 4, TilesPerBlock = 8, RowsOfTile = 64;

    // Stages of weights and activations in shared memory: see Stages in fragments.cuh.
    private const int StageParameterBytes = 256, StagePlaneBytes = 512, StageDepth = 4;
    private static readonly WeightKernelNames FewRows = new("octavo_quantized_rows_8"), MoreRows = new("octavo_quantized_rows_16");
    private static readonly WeightKernelNames TilesOf16 = new("octavo_tiles_16"), TilesOf64 = new("octavo_tiles_64"), WidenNames = new("octavo_quantized_widen");

    /// <summary>output [M, N] = x · weightᵀ (+ bias) for up to <see cref="MostQuantizedRows"/> rows.</summary>
    /// <param name="x">[M, positions] in the weight's type; rows aligned to 16 bytes.</param>
    public void QuantizedRows(in Tensor x, QuantizedWeight weight, in Tensor output)
    {
        var rows = x.Shape[0];
        Arguments.That(rows <= MostQuantizedRows && x.Shape[1] == weight.Layout.Positions && x.DType == weight.DType && AreAligned(x), $"rows {x.Shape} of {x.DType} of a weight with {weight.Layout.Positions} positions in {weight.DType}");
        Arguments.That(output.Shape[0] == rows && output.Shape[1] == weight.OutFeatures, $"{output.Shape} for {rows} rows of {weight.OutFeatures} outputs");
        var few = rows <= 8;
        RowsParameter from = new(x), to = new(output);
        var shape = MatrixShapeParameter.Of(weight, weight.OutFeatures);
        kernels[SourceOf(weight.Bits, weight.DType), (few ? FewRows : MoreRows)[weight.Bits, weight.DType]].Launch(
            stream,
            new LaunchGrid(Parts(weight.Tiles, few ? 1 : 2)),
            QuantizedThreads,
            [weight.Values, weight.Parameters, weight.BiasAddress, KernelArgument.Of(&from), KernelArgument.Of(&to), rows, KernelArgument.Of(&shape)]);
    }

    /// <summary>to [rows, positions] = x in the order of the weight's positions, rounded to its type, and the sums of each group of them; either may be absent.</summary>
    /// <param name="sums">[groups, at least rows].</param>
    public void QuantizedInputs(in Tensor x, QuantizedWeight weight, in Tensor? to, in Tensor? sums)
    {
        Arguments.That(x.Shape[1] == weight.InFeatures, $"{x.Shape} for {weight.InFeatures} inputs");
        Prepare(QuantizedSource, "octavo_quantized_inputs", x, weight.InFeatures, weight.Map, to, weight.DType, weight.Layout.Positions, sums, weight.Layout.Groups, weight.Layout.GroupSteps);
    }

    /// <summary>output [M, N] = x · weightᵀ (+ bias) for any number of rows.</summary>
    /// <param name="x">[M, positions] in the weight's type; rows aligned to 16 bytes.</param>
    /// <param name="partial">float32 [slices · M, N] where the inputs are cut into slices.</param>
    public void QuantizedTiles(in Tensor x, in Tensor sums, QuantizedWeight weight, in Tensor? partial, int slices, int sliceQuads, in Tensor output)
    {
        var rows = x.Shape[0];
        Arguments.That(x.Shape[1] == weight.Layout.Positions && x.DType == weight.DType && AreAligned(x), $"rows {x.Shape} of {x.DType} of a weight with {weight.Layout.Positions} positions in {weight.DType}");
        Arguments.That((slices > 1) == partial is not null && (partial is null || partial.Value.Shape[0] >= slices * rows), $"{slices} slices of {rows} rows");
        LaunchTiles(
            TilesOf64, weight.Bits, weight.DType, new LaunchGrid(Parts(weight.Tiles, TilesPerBlock), Parts(rows, RowsOfTile), slices), RowsOfTile, weight.Table, x, sums, partial ?? output, rows,
            MatrixShapeParameter.Of(weight, weight.OutFeatures), sliceQuads, new ChoicesParameter(null, 1));
        if (partial is { } slicesSums)
        {
            RowsParameter to = new(output);
            kernels[QuantizedSource, "octavo_sum_slices"].Launch(
                stream,
                new LaunchGrid(Parts(weight.OutFeatures, QuantizedThreads), rows),
                QuantizedThreads,
                [slicesSums, slices, (long)rows, weight.BiasAddress, KernelArgument.Of(&to), weight.OutFeatures]);
        }
    }

    /// <summary>to [count, positions] = outputs of the weight from a tile on, in its type.</summary>
    public void QuantizedWiden(QuantizedWeight weight, int firstTile, in Tensor to)
    {
        var layout = weight.Layout;
        var tiles = Parts(to.Shape[0], QuantizedLayout.TileOutputs);
        Arguments.That(to.IsDense && to.DType == weight.DType && to.Shape[1] == layout.Positions && firstTile + tiles <= weight.Tiles && tiles <= LaunchGrid.MaxY, $"{to.Shape} from tile {firstTile} of {weight.Tiles}");
        long values = (long)firstTile * layout.Quads * (weight.Bits / 4) * StagePlaneBytes, parameters = (long)firstTile * layout.Groups * weight.ParameterPitch;
        var shape = MatrixShapeParameter.Of(weight, to.Shape[0]);
        kernels[QuantizedSource, WidenNames[weight.Bits, weight.DType]].Launch(
            stream,
            new LaunchGrid(Parts(layout.Quads, 4), tiles),
            ExactThreads,
            [weight.Values + (nint)values, weight.Parameters + (nint)parameters, to, KernelArgument.Of(&shape)]);
    }

    /// <summary>output [M, N] = x · weightᵀ (+ bias) in float32.</summary>
    /// <param name="x">float32 [M, positions], of <see cref="QuantizedInputs"/>.</param>
    public void QuantizedExact(in Tensor x, QuantizedWeight weight, in Tensor output)
    {
        var rows = x.Shape[0];
        Arguments.Matrix(x, rows, weight.Layout.Positions);
        LaunchExact(weight.Bits, new LaunchGrid(Parts(weight.Tiles, ExactTiles), Parts(rows, ExactRows)), weight.Table, x, output, rows, MatrixShapeParameter.Of(weight, weight.OutFeatures), new ChoicesParameter(null, 1));
    }

    /// <summary>Whether rows can be read 16 bytes at a time.</summary>
    public static bool AreAligned(in Tensor x) => (nint)x.Pointer<byte>() % 16 == 0 && (long)x.RowStride * x.DType.Size() % 16 == 0;

    /// <param name="bits">0: dense.</param>
    private static string SourceOf(int bits, DType dtype) => (bits, dtype) switch
    {
        (0, DType.BFloat16) => "experts_bf16.cu",
        (0, _) => "experts_f16.cu",
        (4, DType.BFloat16) => "quantized_4_bf16.cu",
        (8, DType.BFloat16) => "quantized_8_bf16.cu",
        (4, _) => "quantized_4_f16.cu",
        _ => "quantized_8_f16.cu",
    };

    private void Prepare(string source, string kernel, in Tensor x, int inputs, nint map, in Tensor? to, DType type, int positions, in Tensor? sums, int groups, int groupSteps)
    {
        Arguments.That(to is not { } made || (made.IsDense && made.DType == type && made.Shape[0] == x.Shape[0] && made.Shape[1] == positions), $"{x.Shape} into {to?.Shape}");
        Arguments.That(sums is not { } summed || (summed.Shape[0] == groups && summed.RowStride >= x.Shape[0]), $"sums {sums?.Shape} of {groups} groups of {x.Shape}");
        RowsParameter from = new(x), into = to is { } found ? new RowsParameter(found) : RowsParameter.Absent(type);
        GroupSumsParameter groupSums = new(sums);
        kernels[source, kernel].Launch(
            stream,
            new LaunchGrid(x.Shape[0], Parts(groups, 8)),
            RowThreads,
            [KernelArgument.Of(&from), inputs, map, KernelArgument.Of(&into), positions, KernelArgument.Of(&groupSums), groupSteps * QuantizedLayout.Step]);
    }

    private void LaunchTiles(
        WeightKernelNames names, int bits, DType dtype, LaunchGrid grid, int tileRows, nint table, in Tensor x, in Tensor? sums, in Tensor output, int rows, MatrixShapeParameter shape, int sliceQuads, ChoicesParameter choices)
    {
        Arguments.That(grid.Y <= LaunchGrid.MaxY, $"{grid.Y} tiles of rows in one launch");
        RowsParameter from = new(x), to = new(output);
        GroupSumsParameter groupSums = new(sums);
        var weightBytes = bits == 0 ? 4 * StagePlaneBytes : (bits / 4 * StagePlaneBytes) + StageParameterBytes;
        kernels[SourceOf(bits, dtype), names[bits, dtype]].Launch(
            stream,
            grid,
            QuantizedThreads,
            [table, KernelArgument.Of(&from), KernelArgument.Of(&groupSums), KernelArgument.Of(&to), rows, KernelArgument.Of(&shape), sliceQuads, (long)rows, KernelArgument.Of(&choices)],
            StageDepth * ((tileRows * QuantizedLayout.Quad * 2) + (TilesPerBlock * weightBytes)));
    }

    private void LaunchExact(int bits, LaunchGrid grid, nint table, in Tensor x, in Tensor output, int rows, MatrixShapeParameter shape, ChoicesParameter choices)
    {
        Arguments.That(grid.Y <= LaunchGrid.MaxY, $"{grid.Y} tiles of rows in one launch");
        RowsParameter from = new(x), to = new(output);
        kernels[ExactSource, bits switch { 0 => "octavo_exact_dense", 4 => "octavo_exact_4", _ => "octavo_exact_8" }].Launch(
            stream, grid, ExactThreads, [table, KernelArgument.Of(&from), KernelArgument.Of(&to), rows, KernelArgument.Of(&shape), KernelArgument.Of(&choices)]);
    }
}
