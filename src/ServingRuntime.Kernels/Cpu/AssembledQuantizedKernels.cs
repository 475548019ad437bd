using System.Runtime.Intrinsics;
using Octavo.ServingRuntime.Kernels.Cpu.Assembly;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// Rounded products by kernels assembled at start: AVX512-VNNI, which streams a weight past few rows, and where there are tiles, these for more.
/// Each form of weight has its own kernels, assembled when it is first met.
/// </summary>
internal sealed unsafe class AssembledQuantizedKernels(bool tiles) : QuantizedKernels<QuantizedOps512, Vector512<int>, Lanes512, Vector512<float>>
{
    // From here on tiles are faster than streams.
    private const int LeastTileRows = 17;
    private readonly Dictionary<Form, ExecutableCode> kernels = [];
    private nint first, rest, tile;

    public override void Prepare(QuantizedRows activations, QuantizedLinear weight, int rows)
    {
        if (tiles && rows >= LeastTileRows)
        {
            activations.Prepare(weight, rows, QuantizedTileKernel.Rows, inBlocks: true);
            tile = Kernel(weight, 0);
            return;
        }

        activations.Prepare(weight, rows, Math.Min(rows, QuantizedStreamKernel.MaxRows), inBlocks: false);
        first = Kernel(weight, activations.TileRows);
        rest = rows % activations.TileRows == 0 ? first : Kernel(weight, rows % activations.TileRows);
    }

    public override void Rounded(QuantizedLinear weight, QuantizedRows x, float* y, int yStride, int tileBegin, int tileEnd, int panelBegin, int panelEnd)
    {
        if (panelBegin == panelEnd)
        {
            return;
        }

        if (x.InBlocks)
        {
            QuantizedTiles.Run(tile, weight, x, y, yStride, tileBegin, tileEnd, panelBegin, panelEnd);
            return;
        }

        // Panels that stay in the second-level cache while all tiles pass over them.
        var together = tileEnd - tileBegin == 1 ? panelEnd - panelBegin : (int)Math.Max(1, 262144 / weight.PanelBytes);
        for (var panel = panelBegin; panel < panelEnd; panel += together)
        {
            var end = Math.Min(panel + together, panelEnd);
            for (var t = tileBegin; t < tileEnd; t++)
            {
                var arguments = new QuantizedStreamArguments
                {
                    Panel = weight.Panel(panel), PanelBytes = weight.PanelBytes, PanelCount = end - panel,
                    X = x.Values(t), Scales = x.Scales(t), Corrections = x.Corrections(t),
                    GroupSums = weight.Parameters.Form == ZeroForm.Offsets ? x.GroupSums(t) : null,
                    Y = y + ((nint)t * x.TileRows * yStride) + (panel * QuantizedLinear.PanelWidth), YStrideBytes = (long)yStride * sizeof(float),
                    Bias = weight.Bias is null ? null : weight.Bias + (panel * QuantizedLinear.PanelWidth),
                    LastMask = 0xFFFF >> Math.Max(0, (end * QuantizedLinear.PanelWidth) - weight.OutFeatures), Groups = weight.Groups,
                };
                ((delegate* unmanaged<QuantizedStreamArguments*, void>)(x.RowsOf(t) == x.TileRows ? first : rest))(&arguments);
            }
        }
    }

    public override void Dispose()
    {
        foreach (var code in kernels.Values)
        {
            code.Dispose();
        }
    }

    /// <param name="rows">Of a stream; 0: by tiles.</param>
    private nint Kernel(QuantizedLinear weight, int rows)
    {
        var form = new Form(weight.Bits, weight.BlockSize, weight.BlocksPerGroup, weight.HeaderBytes, weight.Parameters with { Zero = 0 }, rows);
        if (!kernels.TryGetValue(form, out var code))
        {
            code = rows == 0 ? QuantizedTileKernel.Assemble(weight) : QuantizedStreamKernel.Assemble(weight, rows);
            kernels.Add(form, code);
        }

        return code.Address;
    }

    private readonly record struct Form(int Bits, int BlockSize, int BlocksPerGroup, int HeaderBytes, QuantizedParameters Parameters, int Rows);
}
