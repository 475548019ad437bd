using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;
using Octavo.ServingRuntime.Kernels.Cuda.Products;

namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <content>A mixture of experts; a choice is one of a token's k experts.</content>
internal sealed partial class KernelLauncher
{
    public const int MostExperts = 1024, MostChoices = 64, FewExpertRows = 16, ManyExpertRows = 64;
    private const string ExpertsSource = "experts.cu";
    private static readonly KernelNames FewDense = new("octavo_tiles_16_dense"), ManyDense = new("octavo_tiles_64_dense");
    private static readonly KernelNames Few4 = new("octavo_tiles_16_4"), Many4 = new("octavo_tiles_64_4"), Few8 = new("octavo_tiles_16_8"), Many8 = new("octavo_tiles_64_8");

    /// <summary>Rows of a tile that suit so many choices.</summary>
    public static int ExpertRows(DType dtype, int choices, int experts) => dtype == DType.Float32 ? ExactRows : choices >= experts * (ManyExpertRows / 2) ? ManyExpertRows : FewExpertRows;

    /// <summary>Tiles that there are at most.</summary>
    public static int ExpertTileLimit(int choices, int experts, int rows) => Math.Min(experts, choices) + (choices / rows);

    /// <summary>Sorts choices by expert, keeping their order.</summary>
    public void ExpertLists(in Tensor chosen, int choices, in ExpertTiles tiles)
    {
        int experts = tiles.Counts.Shape[0];
        Arguments.Vector(chosen, DType.Int32, choices);
        Arguments.That(experts <= MostExperts, $"{experts} experts");
        kernels[ExpertsSource, "octavo_expert_lists"].Launch(stream, new LaunchGrid(experts), RowThreads, [chosen, choices, tiles.Lists, (long)tiles.Lists.RowStride, tiles.Counts]);
        kernels[ExpertsSource, "octavo_expert_places"].Launch(stream, new LaunchGrid(1), MostExperts, [tiles.Counts, experts, tiles.Rows, tiles.Places, tiles.Limit]);
    }

    /// <summary>to [R, positions] = x (or, with an activation, what the gate makes of [gate, up]) in the matrix' type and order of inputs, and the sums of its groups where it is packed.</summary>
    public void ExpertInputs(in Tensor x, ExpertMatrix matrix, GatedActivation? gate, in Tensor to, in Tensor? sums)
    {
        Arguments.That(to.IsDense && to.Shape[0] == x.Shape[0] && to.Shape[1] == matrix.Positions && x.Shape[1] == (gate is null ? 1 : 2) * matrix.InFeatures, $"{x.Shape} into {to.Shape}");
        KernelArgument sumAddress = sums is { } found ? found : (nint)0;
        var (source, kernel) = gate switch
        {
            null => (QuantizedSource, "octavo_quantized_inputs"),
            GatedActivation.Silu => (ExpertsSource, "octavo_expert_silu"),
            GatedActivation.GeluTanh => (ExpertsSource, "octavo_expert_gelu_tanh"),
            _ => throw new ArgumentOutOfRangeException(nameof(gate), gate, "no kernel"),
        };
        kernels[source, kernel].Launch(
            stream,
            new LaunchGrid(x.Shape[0], Parts(matrix.Groups, 8)),
            RowThreads,
            [x, (long)x.RowStride, ElementOf(x), matrix.InFeatures, matrix.Map, to, ElementOf(to), matrix.Positions, sumAddress, (long)(sums?.RowStride ?? 0), matrix.GroupSteps * QuantizedLayout.Step]);
    }

    /// <summary>output [choices, N] = for each choice its expert's product of row choice / divisor of x.</summary>
    /// <param name="x">Of <see cref="ExpertInputs"/>.</param>
    public void ExpertProducts(in Tensor x, in Tensor? sums, ExpertMatrix matrix, in ExpertTiles tiles, int divisor, in Tensor output)
    {
        Arguments.That(x.DType == matrix.DType && x.Shape[1] == matrix.Positions && output.Shape[1] == matrix.OutFeatures, $"{x.Shape} by experts' [{matrix.OutFeatures}, {matrix.InFeatures}] into {output.Shape}");
        var outputTiles = (int)Parts(matrix.OutFeatures, QuantizedLayout.TileOutputs);
        KernelArgument sumAddress = sums is { } found ? found : (nint)0;
        if (matrix.DType == DType.Float32)
        {
            kernels[ExactSource, matrix.Bits switch { 0 => "octavo_exact_dense", 4 => "octavo_exact_4", _ => "octavo_exact_8" }].Launch(
                stream,
                new LaunchGrid(Parts(outputTiles, ExactTiles), tiles.Limit),
                ExactThreads,
                [
                    matrix.Table, x, (long)x.RowStride, output, (long)output.RowStride, ElementOf(output), 0, matrix.InFeatures, matrix.OutFeatures, matrix.Quads, matrix.GroupSteps, matrix.Groups, matrix.ParameterPitch,
                    tiles.Lists, (long)tiles.Lists.RowStride, tiles.Counts, tiles.Places, divisor,
                ]);
            return;
        }

        var few = tiles.Rows == FewExpertRows;
        var names = matrix.Bits switch { 0 => few ? FewDense : ManyDense, 4 => few ? Few4 : Many4, _ => few ? Few8 : Many8 };
        LaunchTiles(
            SourceOf(matrix.Bits, matrix.DType),
            names[matrix.DType],
            new LaunchGrid(Parts(outputTiles, TilesPerBlock), tiles.Limit),
            TileStageBytes(tiles.Rows, matrix.Bits == 0 ? 4 : matrix.Bits / 4, matrix.Bits > 0),
            [
                matrix.Table, x, (long)x.RowStride, sumAddress, (long)(sums?.RowStride ?? 0), output, (long)output.RowStride, ElementOf(output), 0, matrix.InFeatures, matrix.OutFeatures, matrix.Quads, matrix.GroupSteps, matrix.Groups,
                matrix.ParameterPitch, matrix.Quads, 0L, tiles.Lists, (long)tiles.Lists.RowStride, tiles.Counts, tiles.Places, divisor,
            ]);
    }

    /// <summary>output [T, H] = the sum of each token's k rows by their weights, in the order of the experts.</summary>
    /// <param name="rows">float32 [T · k, H].</param>
    public void ExpertSum(in Tensor rows, in Tensor chosen, in Tensor weights, int k, in Tensor output)
    {
        int tokens = output.Shape[0], width = output.Shape[1];
        Arguments.Matrix(output, tokens, width);
        Arguments.Matrix(rows, tokens * k, width);
        Arguments.Vector(chosen, DType.Int32, tokens * k);
        Arguments.Vector(weights, DType.Float32, tokens * k);
        Arguments.That(k <= MostChoices, $"{k} experts of a token");
        kernels[ExpertsSource, "octavo_expert_sum"].Launch(stream, new LaunchGrid(tokens), RowThreads, [rows, (long)rows.RowStride, chosen, weights, k, output, (long)output.RowStride, width]);
    }

    /// <inheritdoc cref="IExpertKernels.AddGated"/>
    public void AddGated(in Tensor x, in Tensor gate, in Tensor output)
    {
        int rows = output.Shape[0], width = output.Shape[1];
        Arguments.Matrix(output, rows, width);
        Arguments.Matrix(gate, rows, 1);
        Activations(x, rows, width, x.DType, nameof(x));
        kernels[ExpertsSource, "octavo_expert_shared"].Launch(
            stream, new LaunchGrid(rows), RowThreads, [x, (long)x.RowStride, ElementOf(x), gate, (long)gate.RowStride, output, (long)output.RowStride, width]);
    }
}
