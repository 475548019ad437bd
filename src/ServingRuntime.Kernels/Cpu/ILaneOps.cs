namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// float32 vector instructions of one width, so that each kernel is written once. Every member is exact IEEE arithmetic in each lane
/// (fused multiply-add rounds once on every width, in software where it must), so kernels give the same bits on all of them.
/// </summary>
internal unsafe interface ILaneOps<TVector> where TVector : struct
{
    static abstract int Count { get; }

    static abstract TVector Zero { get; }

    static abstract TVector Broadcast(float value);

    static abstract TVector Load(float* source);

    static abstract void Store(TVector value, float* destination);

    /// <summary>Widens Count bfloat16 values.</summary>
    static abstract TVector LoadBFloat16(ushort* source);

    /// <summary>Widens Count float16 values.</summary>
    static abstract TVector LoadFloat16(ushort* source);

    /// <summary>Count pairs of bfloat16, low half first: the low halves and the high halves, widened.</summary>
    static abstract void LoadBFloat16Pairs(uint* source, out TVector low, out TVector high);

    /// <summary>Count bytes as numbers.</summary>
    static abstract TVector LoadBytes(byte* source);

    /// <summary>Count bytes: their low and their high halves as numbers.</summary>
    static abstract void LoadNibbles(byte* source, out TVector low, out TVector high);

    /// <summary>Count signed bytes as numbers.</summary>
    static abstract TVector LoadSignedBytes(sbyte* source);

    /// <summary>Count numbers of type E4M3.</summary>
    static abstract TVector LoadFloat8(byte* source);

    /// <summary>The largest lane, as <see cref="Max"/> has it.</summary>
    static abstract float MaxLane(TVector value);

    static abstract TVector Add(TVector left, TVector right);

    static abstract TVector Subtract(TVector left, TVector right);

    static abstract TVector Multiply(TVector left, TVector right);

    static abstract TVector Divide(TVector left, TVector right);

    /// <summary>left * right + addend, rounded once.</summary>
    static abstract TVector MultiplyAdd(TVector left, TVector right, TVector addend);

    /// <summary>The larger; <paramref name="right"/> where either is NaN.</summary>
    static abstract TVector Max(TVector left, TVector right);

    /// <summary>The smaller; <paramref name="right"/> where either is NaN.</summary>
    static abstract TVector Min(TVector left, TVector right);

    /// <summary>2^n for lanes that hold 1.5 * 2^23 + n, with n in -126..127.</summary>
    static abstract TVector PowerOfTwo(TVector shifted);
}
