using System.Runtime.Intrinsics;
using Octavo.ServingRuntime.Kernels.Cpu.Assembly;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>Rounded products by kernels assembled at start: streams of AVX512-VNNI. Each form of weight has its own, assembled when it is first met.</summary>
internal sealed unsafe class AssembledQuantizedKernels : QuantizedKernels<QuantizedOps512, Vector512<int>, Lanes512, Vector512<float>>
{
    private readonly Dictionary<StreamForm, ExecutableCode> streams = [];
    private nint first, rest;

    public override void Prepare(QuantizedRows activations, QuantizedLinear weight, int rows)
    {
        activations.Prepare(weight, rows, Math.Min(rows, QuantizedStreamKernel.MaxRows), inBlocks: false);
        first = Stream(weight, activations.TileRows);
        rest = rows % activations.TileRows == 0 ? first : Stream(weight, rows % activations.TileRows);
    }

    public override void Rounded(QuantizedLinear weight, QuantizedRows x, float* y, int yStride, int tileBegin, int tileEnd, int panelBegin, int panelEnd)
    {
        if (panelBegin == panelEnd)
        {
            return;
        }

        // Panels that stay in the second-level cache while all tiles pass over them.
        var together = tileEnd - tileBegin == 1 ? panelEnd - panelBegin : (int)Math.Max(1, 262144 / weight.PanelBytes);
        for (var panel = panelBegin; panel < panelEnd; panel += together)
        {
            var end = Math.Min(panel + together, panelEnd);
            for (var tile = tileBegin; tile < tileEnd; tile++)
            {
                var arguments = new QuantizedStreamArguments
                {
                    Panel = weight.Panel(panel), PanelBytes = weight.PanelBytes, PanelCount = end - panel,
                    X = x.Values(tile), Scales = x.Scales(tile), Corrections = x.Corrections(tile),
                    GroupSums = weight.Parameters.Form == ZeroForm.Offsets ? x.GroupSums(tile) : null,
                    Y = y + ((nint)tile * x.TileRows * yStride) + (panel * QuantizedLinear.PanelWidth), YStrideBytes = (long)yStride * sizeof(float),
                    Bias = weight.Bias is null ? null : weight.Bias + (panel * QuantizedLinear.PanelWidth),
                    LastMask = 0xFFFF >> Math.Max(0, (end * QuantizedLinear.PanelWidth) - weight.OutFeatures), Groups = weight.Groups,
                };
                ((delegate* unmanaged<QuantizedStreamArguments*, void>)(x.RowsOf(tile) == x.TileRows ? first : rest))(&arguments);
            }
        }
    }

    public override void Dispose()
    {
        foreach (var code in streams.Values)
        {
            code.Dispose();
        }
    }

    private nint Stream(QuantizedLinear weight, int rows)
    {
        var form = new StreamForm(weight.Bits, weight.BlockSize, weight.BlocksPerGroup, weight.HeaderBytes, weight.Parameters with { Zero = 0 }, rows);
        if (!streams.TryGetValue(form, out var code))
        {
            code = QuantizedStreamKernel.Assemble(weight, rows);
            streams.Add(form, code);
        }

        return code.Address;
    }

    private readonly record struct StreamForm(int Bits, int BlockSize, int BlocksPerGroup, int HeaderBytes, QuantizedParameters Parameters, int Rows);
}
