using Octavo.ServingRuntime.Kernels.Cpu.Assembly;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>The best way of computing for each type of weights with one instruction set. Made when first asked for, since kernels are assembled then.</summary>
/// <param name="assembled">Whether kernels may be assembled and run here.</param>
internal sealed class DenseProducts(CpuInstructionSet instructions, KernelSet kernels, bool assembled) : IDisposable
{
    private readonly Dictionary<(DType, bool), DenseProduct> products = [];

    /// <param name="held">float32, bfloat16 or float16: of the weights.</param>
    /// <param name="exact">Activations are not rounded, whatever the weights are.</param>
    public DenseProduct For(DType held, bool exact)
    {
        if (!products.TryGetValue((held, exact), out var product))
        {
            products.Add((held, exact), product = Create(held, exact));
        }

        return product;
    }

    public void Dispose()
    {
        foreach (var product in products.Values)
        {
            product.Dispose();
        }
    }

    private DenseProduct Create(DType held, bool exact)
    {
        if (!assembled || instructions < CpuInstructionSet.Avx2)
        {
            return kernels.Product(held);
        }

        return held switch
        {
            DType.BFloat16 when !exact && instructions.HasTiles() => new TileProduct(),
            DType.BFloat16 when !exact && instructions.HasBFloat16Products() => new PanelProduct(PanelMath.BFloat16Pairs, instructions.Lanes()),
            DType.BFloat16 => new PanelProduct(PanelMath.BFloat16, instructions.Lanes()),
            DType.Float16 => new PanelProduct(PanelMath.Float16, instructions.Lanes()),
            _ => new PanelProduct(PanelMath.Float32, instructions.Lanes()),
        };
    }
}
