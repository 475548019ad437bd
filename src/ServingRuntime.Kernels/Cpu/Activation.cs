using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>Element-wise functions of one row. A short row's rest goes through the same vector code, so that each element's bits are its own.</summary>
internal static unsafe class Activation
{
    /// <summary>output[r, i] = gate(gateUp[r, i]) * gateUp[r, width + i].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TOps, TVector, TGate>(float* gateUp, nint gateUpStride, int rows, int width, float* output, nint outputStride)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TGate : struct, IGate<TOps, TVector>
    {
        var rest = stackalloc float[2 * TOps.Count];
        for (var row = 0; row < rows; row++, gateUp += gateUpStride, output += outputStride)
        {
            Multiply<TOps, TVector, TGate>(gateUp, width, output, rest);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply<TOps, TVector, TGate>(float* gateUp, int width, float* output, float* rest)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
        where TGate : struct, IGate<TOps, TVector>
    {
        var i = 0;
        for (; i + TOps.Count <= width; i += TOps.Count)
        {
            TOps.Store(TOps.Multiply(TGate.Apply(TOps.Load(gateUp + i)), TOps.Load(gateUp + width + i)), output + i);
        }

        if (i < width)
        {
            var count = width - i;
            new ReadOnlySpan<float>(gateUp + i, count).CopyTo(new Span<float>(rest, count));
            new ReadOnlySpan<float>(gateUp + width + i, count).CopyTo(new Span<float>(rest + TOps.Count, count));
            TOps.Store(TOps.Multiply(TGate.Apply(TOps.Load(rest)), TOps.Load(rest + TOps.Count)), rest);
            new ReadOnlySpan<float>(rest, count).CopyTo(new Span<float>(output + i, count));
        }
    }

    /// <summary>x[i] = cap * tanh(x[i] / cap).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SoftCap<TOps, TVector>(float* x, int width, float cap)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct
    {
        var i = 0;
        for (; i + TOps.Count <= width; i += TOps.Count)
        {
            TOps.Store(SoftCap<TOps, TVector>(TOps.Load(x + i), cap), x + i);
        }

        if (i < width)
        {
            var rest = stackalloc float[TOps.Count];
            var count = width - i;
            new ReadOnlySpan<float>(x + i, count).CopyTo(new Span<float>(rest, count));
            TOps.Store(SoftCap<TOps, TVector>(TOps.Load(rest), cap), rest);
            new ReadOnlySpan<float>(rest, count).CopyTo(new Span<float>(x + i, count));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector SoftCap<TOps, TVector>(TVector x, float cap)
        where TOps : struct, ILaneOps<TVector>
        where TVector : struct =>
        TOps.Multiply(TOps.Broadcast(cap), VectorMath.Tanh<TOps, TVector>(TOps.Divide(x, TOps.Broadcast(cap))));
}
