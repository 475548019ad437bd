namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// Products with a <see cref="QuantizedLinear"/>, for a part of the work. Two meanings, each with one order of operations, so that results depend neither on
/// other rows nor on threads nor on the instruction set:
/// <list type="bullet">
/// <item>exact: a weight is value · scale - offset, rounded once; an output is one chain of fused multiply-adds over the inputs, then the bias;</item>
/// <item>rounded: with activations in bytes by blocks (<see cref="QuantizedRows"/>). D(b) = sum of (value - zero) · byte over a block, a whole number;
/// inner(g) = chain of D(b) · scale of the block's activations; output = chain of inner(g) · scale of the group (and - offset · sum of the group's activations
/// where there is no zero point), fused multiply-adds in float32; then the bias.</item>
/// </list>
/// </summary>
internal abstract unsafe class QuantizedKernels : IDisposable
{
    public static QuantizedKernels For(CpuInstructionSet instructions) => instructions switch
    {
        >= CpuInstructionSet.Avx512Vnni => new AssembledQuantizedKernels(instructions.HasTiles()),
        CpuInstructionSet.AvxVnni => new QuantizedKernels<QuantizedOps256<VnniByteProducts>, System.Runtime.Intrinsics.Vector256<int>, Lanes256, System.Runtime.Intrinsics.Vector256<float>>(),
        CpuInstructionSet.Avx512 when System.Runtime.Intrinsics.X86.Avx512BW.IsSupported =>
            new QuantizedKernels<QuantizedOps512, System.Runtime.Intrinsics.Vector512<int>, Lanes512, System.Runtime.Intrinsics.Vector512<float>>(),
        >= CpuInstructionSet.Avx2 when System.Runtime.Intrinsics.X86.Avx2.IsSupported =>
            new QuantizedKernels<QuantizedOps256<Avx2ByteProducts>, System.Runtime.Intrinsics.Vector256<int>, Lanes256, System.Runtime.Intrinsics.Vector256<float>>(),
        _ => new QuantizedKernels<QuantizedOps128, System.Runtime.Intrinsics.Vector128<int>, Lanes128, System.Runtime.Intrinsics.Vector128<float>>(),
    };

    /// <summary>In which form these kernels want rounded activations.</summary>
    public abstract void Prepare(QuantizedRows activations, QuantizedLinear weight, int rows);

    /// <summary>The rounded product of some tiles of rows by panels [panelBegin, panelEnd).</summary>
    public abstract void Rounded(QuantizedLinear weight, QuantizedRows x, float* y, int yStride, int tileBegin, int tileEnd, int panelBegin, int panelEnd);

    /// <summary>The exact product of rows [rowBegin, rowEnd) by panels [panelBegin, panelEnd); x has the weight's padded inputs.</summary>
    public abstract void Exact(QuantizedLinear weight, float* x, int xStride, float* y, int yStride, int rowBegin, int rowEnd, int panelBegin, int panelEnd);

    public virtual void Dispose()
    {
    }
}

/// <summary>The kernels that .NET's vectors express.</summary>
internal unsafe class QuantizedKernels<TQuantized, TInt, TOps, TVector> : QuantizedKernels
    where TQuantized : struct, IQuantizedOps<TInt, TVector>
    where TInt : struct
    where TOps : struct, ILaneOps<TVector>
    where TVector : struct
{
    public override void Prepare(QuantizedRows activations, QuantizedLinear weight, int rows) =>
        activations.Prepare(weight, rows, rows == 1 ? 1 : QuantizedRounded.TileRows, inBlocks: false);

    public override void Rounded(QuantizedLinear weight, QuantizedRows x, float* y, int yStride, int tileBegin, int tileEnd, int panelBegin, int panelEnd)
    {
        if (weight.Bits == 4)
        {
            QuantizedRounded.Run<TQuantized, TInt, TOps, TVector, Nibbles<TQuantized, TInt, TVector>>(weight, x, y, yStride, tileBegin, tileEnd, panelBegin, panelEnd);
        }
        else
        {
            QuantizedRounded.Run<TQuantized, TInt, TOps, TVector, WholeBytes<TQuantized, TInt, TVector>>(weight, x, y, yStride, tileBegin, tileEnd, panelBegin, panelEnd);
        }
    }

    public override void Exact(QuantizedLinear weight, float* x, int xStride, float* y, int yStride, int rowBegin, int rowEnd, int panelBegin, int panelEnd)
    {
        if (weight.Bits == 4)
        {
            QuantizedExact.Run<TQuantized, TInt, TOps, TVector, Nibbles<TQuantized, TInt, TVector>>(weight, x, xStride, y, yStride, rowBegin, rowEnd, panelBegin, panelEnd);
        }
        else
        {
            QuantizedExact.Run<TQuantized, TInt, TOps, TVector, WholeBytes<TQuantized, TInt, TVector>>(weight, x, xStride, y, yStride, rowBegin, rowEnd, panelBegin, panelEnd);
        }
    }
}
