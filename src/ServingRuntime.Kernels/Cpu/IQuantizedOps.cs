namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>Integer instructions of one width on <see cref="QuantizedLinear"/>'s layout: a 32-bit lane for each output. All of it is exact, so results are the same on every width.</summary>
internal unsafe interface IQuantizedOps<TInt, TVector>
    where TInt : struct
    where TVector : struct
{
    static abstract TInt ZeroInt { get; }

    static abstract TInt BroadcastInt(int value);

    /// <summary>Four bytes of each output.</summary>
    static abstract TInt LoadValues(byte* source);

    /// <summary>Count bytes, widened.</summary>
    static abstract TInt LoadBytesInt(byte* source);

    /// <summary>The low halves of all bytes.</summary>
    static abstract TInt LowNibbles(TInt bytes);

    /// <summary>The high halves of all bytes.</summary>
    static abstract TInt HighNibbles(TInt bytes);

    /// <summary>sum + the dot products of four unsigned bytes below 16 with four signed ones, twice.</summary>
    static abstract TInt DotNibbles(TInt sum, TInt low, int lowInputs, TInt high, int highInputs);

    /// <summary>sum + the dot products of four unsigned bytes with four signed ones.</summary>
    static abstract TInt DotBytes(TInt sum, TInt bytes, int inputs);

    static abstract TInt Multiply(TInt left, TInt right);

    static abstract TInt ShiftRight(TInt value, int bits);

    static abstract TInt And(TInt left, TInt right);

    static abstract TVector ToFloat(TInt value);
}
