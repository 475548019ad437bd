using System.Runtime.CompilerServices;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>The two widths of values in <see cref="QuantizedLinear"/>'s 64-byte steps.</summary>
internal unsafe interface IQuantizedBits<TInt, TVector>
    where TInt : struct
    where TVector : struct
{
    /// <summary>Inputs of a step; words of activations are a quarter.</summary>
    static abstract int StepInputs { get; }

    /// <summary>The bits of a value.</summary>
    static abstract int Mask { get; }

    /// <summary>Where input i of a step begins in an output's four bytes.</summary>
    static abstract int Shift(int input);

    /// <summary>sum + a step's dot products for a vector of outputs.</summary>
    /// <param name="words">The step's first word of activations; the second is <paramref name="wordStride"/> words on.</param>
    static abstract TInt Dot(TInt sum, TInt values, int* words, int wordStride);
}

internal readonly unsafe struct Nibbles<TQuantized, TInt, TVector> : IQuantizedBits<TInt, TVector>
    where TQuantized : struct, IQuantizedOps<TInt, TVector>
    where TInt : struct
    where TVector : struct
{
    public static int StepInputs => 8;

    public static int Mask => 15;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Shift(int input) => input < 4 ? 8 * input : (8 * (input - 4)) + 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TInt Dot(TInt sum, TInt values, int* words, int wordStride) =>
        TQuantized.DotNibbles(sum, TQuantized.LowNibbles(values), words[0], TQuantized.HighNibbles(values), words[wordStride]);
}

internal readonly unsafe struct WholeBytes<TQuantized, TInt, TVector> : IQuantizedBits<TInt, TVector>
    where TQuantized : struct, IQuantizedOps<TInt, TVector>
    where TInt : struct
    where TVector : struct
{
    public static int StepInputs => 4;

    public static int Mask => 255;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Shift(int input) => 8 * input;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TInt Dot(TInt sum, TInt values, int* words, int wordStride) => TQuantized.DotBytes(sum, values, words[0]);
}
