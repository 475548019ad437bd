namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>Products by <see cref="Gemm"/>, for processors and systems that run no assembled kernels. The same bits as <see cref="PanelProduct"/> with fused multiply-adds.</summary>
internal sealed unsafe class IntrinsicProduct<TOps, TVector, TFormat> : DenseProduct
    where TOps : struct, ILaneOps<TVector>
    where TVector : struct
    where TFormat : struct, IPanelFormat<TOps, TVector>
{
    public override int RowBlock => 8;

    public override void Run(PackedLinear weight, in DenseCall call, int rowBegin, int rowEnd, int panelBegin, int panelEnd) =>
        Gemm.Run<TOps, TVector, TFormat>(weight, call.X, call.XStride, call.Y, call.YStride, rowBegin, rowEnd, panelBegin, panelEnd);
}
