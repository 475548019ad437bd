using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <content>
/// A gated layer's first half. The gate's and the other side's sums of some outputs and rows meet in a slab of memory that stays in the second-level cache: written out whole they would be
/// several times as large as all else that the layer reads and writes.
/// </content>
public sealed unsafe partial class CpuBackend
{
    private const int SlabElements = 32 * 1024, LeastSlabWidth = 32;

    // Work of an activation and its product.
    private const long GateWork = 16;
    private readonly Action<int, int> gatedSection;
    private GatedActivation gate;
    private bool gatedQuantized;
    private CpuMemory? wideMemory;

    public void GatedLinear(in Tensor x, LinearWeight weight, GatedActivation activation, in Tensor output)
    {
        int rows = x.Shape[0], width = weight.OutFeatures / 2;
        Arguments.That(weight.OutFeatures % 2 == 0, $"{weight.OutFeatures} outputs have no two halves");
        Arguments.Matrix(x, rows, weight.InFeatures);
        Arguments.Matrix(output, rows, width);
        if (width % PanelWidthOf(weight) != 0)
        {
            // The halves meet inside a panel.
            Reserve(ref wideMemory, (long)rows * weight.OutFeatures);
            var wide = new Tensor(wideMemory!, 0, new TensorShape(rows, weight.OutFeatures), DType.Float32);
            Linear(x, weight, wide);
            ActivationMul(activation, wide, output);
        }
        else if (rows > 0)
        {
            gate = activation;
            gatedQuantized = weight is QuantizedLinear;
            var work = weight is QuantizedLinear quantizedWeight ? PrepareQuantized(x, quantizedWeight, output) : PrepareDense(x, (PackedLinear)weight, output);
            Run(gatedSection, work + (GateWork * rows * width));
        }
    }

    private int PanelWidthOf(LinearWeight weight) => weight is QuantizedLinear ? Cpu.QuantizedLinear.PanelWidth : kernels.PanelWidth;

    [SkipLocalsInit]
    private void RunGated(int part, int parts)
    {
        var slab = stackalloc float[SlabElements + 16];
        slab = (float*)(((nuint)slab + 63) & ~(nuint)63);
        var call = gatedQuantized
            ? new GatedCall(quantized.Rows, quantized.Weight.DType == DType.Float32 ? 1 : quantizedRows.TileRows, Cpu.QuantizedLinear.PanelWidth, quantized.Weight.Panels / 2, quantized.Y, quantized.YStride)
            : new GatedCall(dense.Rows, dense.Weight.Product.RowBlock, kernels.PanelWidth, dense.Weight.Panels / 2, (nint)dense.Y, dense.YStride);
        var share = ProductShare.Of(call.Panels, (call.Rows + call.TileRows - 1) / call.TileRows, part, parts);

        // As many rows as there are, up to what leaves the slab its least width; then as wide as fits.
        var slabTiles = Math.Max(1, Math.Min(share.TileEnd - share.TileBegin, SlabElements / (2 * LeastSlabWidth) / call.TileRows));
        var slabPanels = Math.Max(1, SlabElements / (2 * call.PanelWidth * slabTiles * call.TileRows));
        for (var tile = share.TileBegin; tile < share.TileEnd; tile += slabTiles)
        {
            var tileEnd = Math.Min(tile + slabTiles, share.TileEnd);
            for (var panel = share.PanelBegin; panel < share.PanelEnd; panel += slabPanels)
            {
                RunSlab(call, new ProductShare(panel, Math.Min(panel + slabPanels, share.PanelEnd), tile, tileEnd), slab);
            }
        }
    }

    private void RunSlab(in GatedCall call, in ProductShare share, float* slab)
    {
        int rowBegin = share.TileBegin * call.TileRows, rowEnd = Math.Min(share.TileEnd * call.TileRows, call.Rows), width = (share.PanelEnd - share.PanelBegin) * call.PanelWidth;
        for (var half = 0; half < 2; half++)
        {
            var panels = share with { PanelBegin = share.PanelBegin + (half * call.Panels), PanelEnd = share.PanelEnd + (half * call.Panels) };

            // Where row 0 and output 0 would lie.
            var origin = slab + (half * width) - ((nint)rowBegin * 2 * width) - ((nint)panels.PanelBegin * call.PanelWidth);
            if (gatedQuantized)
            {
                RunQuantized(panels, origin, 2 * width);
            }
            else
            {
                var product = dense with { Y = origin, YStride = 2 * width };
                product.Weight.Product.Run(product.Weight, product, rowBegin, rowEnd, panels.PanelBegin, panels.PanelEnd);
            }
        }

        var output = (float*)call.Y + ((nint)rowBegin * call.YStride) + ((nint)share.PanelBegin * call.PanelWidth);
        kernels.ActivationMul(gate, slab, 2 * width, rowEnd - rowBegin, width, output, call.YStride);
    }

    /// <param name="Panels">Of one half.</param>
    private readonly record struct GatedCall(int Rows, int TileRows, int PanelWidth, int Panels, nint Y, int YStride);
}
