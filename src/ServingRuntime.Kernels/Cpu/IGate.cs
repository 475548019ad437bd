namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>One activation, so that the loops over rows are written once.</summary>
internal interface IGate<TOps, TVector>
    where TOps : struct, ILaneOps<TVector>
    where TVector : struct
{
    static abstract TVector Apply(TVector x);
}

internal readonly struct SiluGate<TOps, TVector> : IGate<TOps, TVector>
    where TOps : struct, ILaneOps<TVector>
    where TVector : struct
{
    public static TVector Apply(TVector x)
    {
        var exp = VectorMath.Exp<TOps, TVector>(TOps.Subtract(TOps.Zero, x));
        return TOps.Divide(x, TOps.Add(TOps.Broadcast(1f), exp));
    }
}

internal readonly struct GeluTanhGate<TOps, TVector> : IGate<TOps, TVector>
    where TOps : struct, ILaneOps<TVector>
    where TVector : struct
{
    public static TVector Apply(TVector x)
    {
        // 1/2 (1 + tanh y) is 1 / (1 + exp(-2y)), which loses nothing where tanh is close to -1.
        var cube = TOps.Multiply(TOps.Multiply(x, x), x);
        var inner = TOps.Multiply(TOps.Broadcast(-1.5957691f), TOps.MultiplyAdd(cube, TOps.Broadcast(0.044715f), x));
        return TOps.Divide(x, TOps.Add(TOps.Broadcast(1f), VectorMath.Exp<TOps, TVector>(inner)));
    }
}
