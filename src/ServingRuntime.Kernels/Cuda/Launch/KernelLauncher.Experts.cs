using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cuda.Device;
using Octavo.ServingRuntime.Kernels.Cuda.Products;

namespace Octavo.ServingRuntime.Kernels.Cuda.Launch;

/// <content>A mixture of experts; a choice is one of a token's k experts.</content>
internal sealed unsafe partial class KernelLauncher
{
    public const int MostExperts = 1024, MostChoices = 64, FewExpertRows = 16, ManyExpertRows = 64;
    private const string ExpertsSource = "experts.cu";

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
        Arguments.That(x.Shape[1] == (gate is null ? 1 : 2) * matrix.InFeatures, $"{x.Shape} for {matrix.InFeatures} inputs");
        var (source, kernel) = gate switch
        {
            null => (QuantizedSource, "octavo_quantized_inputs"),
            GatedActivation.Silu => (ExpertsSource, "octavo_expert_silu"),
            GatedActivation.GeluTanh => (ExpertsSource, "octavo_expert_gelu_tanh"),
            _ => throw new ArgumentOutOfRangeException(nameof(gate), gate, "no kernel"),
        };
        Prepare(source, kernel, x, matrix.InFeatures, matrix.Map, to, matrix.DType, matrix.Positions, sums, matrix.Groups, matrix.GroupSteps);
    }

    /// <summary>output [choices, N] = for each choice its expert's product of row choice / divisor of x.</summary>
    /// <param name="x">Of <see cref="ExpertInputs"/>.</param>
    public void ExpertProducts(in Tensor x, in Tensor? sums, ExpertMatrix matrix, in ExpertTiles tiles, int divisor, in Tensor output)
    {
        Arguments.That(x.DType == matrix.DType && x.Shape[1] == matrix.Positions && output.Shape[1] == matrix.OutFeatures, $"{x.Shape} by experts' [{matrix.OutFeatures}, {matrix.InFeatures}] into {output.Shape}");
        var outputTiles = Parts(matrix.OutFeatures, QuantizedLayout.TileOutputs);
        var shape = MatrixShapeParameter.Of(matrix);
        ChoicesParameter choices = new(tiles, divisor);
        if (matrix.DType == DType.Float32)
        {
            LaunchExact(matrix.Bits, new LaunchGrid(Parts(outputTiles, ExactTiles), tiles.Limit), matrix.Table, x, output, 0, shape, choices);
        }
        else
        {
            LaunchTiles(
                tiles.Rows == FewExpertRows ? TilesOf16 : TilesOf64, matrix.Bits, matrix.DType, new LaunchGrid(Parts(outputTiles, TilesPerBlock), tiles.Limit), tiles.Rows, matrix.Table, x, sums, output, 0, shape,
                matrix.Quads, choices);
        }
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
        RowsParameter from = new(x);
        kernels[ExpertsSource, "octavo_expert_shared"].Launch(
            stream, new LaunchGrid(rows), RowThreads, [KernelArgument.Of(&from), gate, (long)gate.RowStride, output, (long)output.RowStride, width]);
    }
}
