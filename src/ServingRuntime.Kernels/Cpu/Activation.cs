using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>Gated activations of one row.</summary>
internal static unsafe class Activation
{
    /// <summary>output[i] = silu(gateUp[i]) * gateUp[width + i]. A short row's rest goes through the same vector code, so that each element's bits are its own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SiluMul<TOps, TVector>(float* gateUp, int width, float* output)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var i = 0;
        for (; i + TOps.Count <= width; i += TOps.Count)
        {
            TOps.Store(SiluMul<TOps, TVector>(TOps.Load(gateUp + i), TOps.Load(gateUp + width + i)), output + i);
        }

        if (i < width)
        {
            var rest = stackalloc float[2 * TOps.Count];
            var count = width - i;
            new ReadOnlySpan<float>(gateUp + i, count).CopyTo(new Span<float>(rest, count));
            new ReadOnlySpan<float>(gateUp + width + i, count).CopyTo(new Span<float>(rest + TOps.Count, count));
            TOps.Store(SiluMul<TOps, TVector>(TOps.Load(rest), TOps.Load(rest + TOps.Count)), rest);
            new ReadOnlySpan<float>(rest, count).CopyTo(new Span<float>(output + i, count));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector SiluMul<TOps, TVector>(TVector gate, TVector up)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var exp = VectorMath.Exp<TOps, TVector>(TOps.Subtract(TOps.Zero, gate));
        return TOps.Multiply(TOps.Divide(gate, TOps.Add(TOps.Broadcast(1f), exp)), up);
    }
}
