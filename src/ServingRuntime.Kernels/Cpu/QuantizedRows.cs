using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>
/// Activations in bytes, for products with a <see cref="QuantizedLinear"/>: each block of a row is rounded to whole numbers in -127 to 127 times max |x| / 127.
/// Rows stand in tiles, in the order in which kernels read them:
/// <list type="bullet">
/// <item>by words: word i (four inputs) of each row of the tile, then word i + 1; a last tile may have fewer rows;</item>
/// <item>by blocks: a block of each row of the tile, then the next block; a last tile is filled up with rows of zeros.</item>
/// </list>
/// Scales and sums of a tile: [block][row]. Memory is kept from call to call.
/// </summary>
internal sealed unsafe class QuantizedRows : IDisposable
{
    // Below this nothing but rounding is left of a block; its reciprocal would overflow.
    private const float Least = 1e-30f;
    private const int LargestBlock = 64;
    private CpuMemory? memory;
    private QuantizedLinear? weight;
    private sbyte* values;
    private float* scales;
    private int* corrections;
    private float* groupSums;

    public int Rows { get; private set; }

    /// <summary>Rows of a whole tile.</summary>
    public int TileRows { get; private set; }

    /// <summary>Tiles are by blocks, else by words.</summary>
    public bool InBlocks { get; private set; }

    public int Tiles => (Rows + TileRows - 1) / TileRows;

    /// <summary>Makes room; <see cref="Fill"/> then rounds the rows.</summary>
    public void Prepare(QuantizedLinear to, int rows, int tileRows, bool inBlocks)
    {
        (weight, Rows, TileRows, InBlocks) = (to, rows, tileRows, inBlocks);
        long padded = inBlocks ? (long)Tiles * tileRows : rows;
        long valueBytes = padded * to.PaddedInputs, scaleBytes = Aligned(padded * to.Blocks * sizeof(float));
        var sumBytes = to.Parameters.Form == ZeroForm.Offsets ? Aligned(padded * to.Groups * sizeof(float)) : 0;
        var bytes = checked(Aligned(valueBytes) + (2 * scaleBytes) + sumBytes);
        if (memory is null || memory.Bytes < bytes)
        {
            memory?.Dispose();
            memory = new CpuMemory(bytes);
        }

        values = (sbyte*)memory.Address;
        scales = (float*)(values + Aligned(valueBytes));
        corrections = (int*)((byte*)scales + scaleBytes);
        groupSums = (float*)((byte*)corrections + scaleBytes);
    }

    /// <summary>Rows of this tile, filled up or not.</summary>
    public int RowsOf(int tile) => InBlocks ? TileRows : Math.Min(TileRows, Rows - (tile * TileRows));

    public sbyte* Values(int tile) => values + ((nint)tile * TileRows * weight!.PaddedInputs);

    public float* Scales(int tile) => scales + ((nint)tile * TileRows * weight!.Blocks);

    /// <summary>What is added to dot products for the zero point: minus the sum of the block's numbers, times the zero point where the weight has only one.</summary>
    public int* Corrections(int tile) => corrections + ((nint)tile * TileRows * weight!.Blocks);

    /// <summary>[group][row]: sums of a group's rounded inputs; only where the weight has offsets.</summary>
    public float* GroupSums(int tile) => groupSums + ((nint)tile * TileRows * weight!.Groups);

    /// <summary>Rounds the rows of some tiles.</summary>
    public void Fill(float* x, int xStride, int tileBegin, int tileEnd)
    {
        for (var tile = tileBegin; tile < tileEnd; tile++)
        {
            var rows = RowsOf(tile);
            for (var row = 0; row < rows; row++)
            {
                var index = (tile * TileRows) + row;
                if (index < Rows)
                {
                    FillRow(x + (index * (nint)xStride), tile, row, rows);
                }
                else
                {
                    ClearRow(tile, row, rows);
                }
            }
        }
    }

    public void Dispose() => memory?.Dispose();

    private static long Aligned(long bytes) => (bytes + 63) & ~63L;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private void FillRow(float* x, int tile, int row, int rows)
    {
        int block = weight!.BlockSize, words = block / 4;
        var rounded = stackalloc int[LargestBlock / 4];
        var gathered = stackalloc float[LargestBlock];
        var map = weight.InputMap;
        var to = Values(tile);
        for (var b = 0; b < weight.Blocks; b++)
        {
            var from = x + (b * block);
            if (map is not null)
            {
                Gather(x, map.AsSpan(b * block, block), gathered);
                from = gathered;
            }

            var scale = Round(from, block, (sbyte*)rounded, out var sum);
            Scales(tile)[(b * rows) + row] = scale;
            Corrections(tile)[(b * rows) + row] = weight.Parameters.Form == ZeroForm.Constant ? -sum * weight.Parameters.Zero : -sum;
            if (weight.Parameters.Form == ZeroForm.Offsets)
            {
                ref var total = ref GroupSums(tile)[(b / weight.BlocksPerGroup * rows) + row];
                total = MathF.FusedMultiplyAdd(sum, scale, b % weight.BlocksPerGroup == 0 ? 0 : total);
            }

            Place(rounded, (int*)(to + ((nint)b * block * rows)), words, row, rows);
        }
    }

    private void ClearRow(int tile, int row, int rows)
    {
        var block = weight!.BlockSize;
        var none = stackalloc int[LargestBlock / 4];
        new Span<int>(none, LargestBlock / 4).Clear();
        for (var b = 0; b < weight.Blocks; b++)
        {
            Scales(tile)[(b * rows) + row] = 0;
            Corrections(tile)[(b * rows) + row] = 0;
            Place(none, (int*)(Values(tile) + ((nint)b * block * rows)), block / 4, row, rows);
        }

        for (var group = 0; weight.Parameters.Form == ZeroForm.Offsets && group < weight.Groups; group++)
        {
            GroupSums(tile)[(group * rows) + row] = 0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Place(int* rounded, int* block, int words, int row, int rows)
    {
        if (InBlocks || rows == 1)
        {
            new ReadOnlySpan<int>(rounded, words).CopyTo(new Span<int>(block + (row * words), words));
            return;
        }

        for (var i = 0; i < words; i++)
        {
            block[(i * rows) + row] = rounded[i];
        }
    }

    private static void Gather(float* x, ReadOnlySpan<int> map, float* to)
    {
        for (var i = 0; i < map.Length; i++)
        {
            to[i] = map[i] < 0 ? 0 : x[map[i]];
        }
    }

    /// <summary>The same numbers for every instruction set: the largest magnitude is exact, and everything else rounds once, to nearest.</summary>
    /// <returns>The scale; not finite where an input is not.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Round(float* x, int count, sbyte* to, out int sum)
    {
        // As whole numbers magnitudes are in order, with infinity and then NaN above all others.
        var largest = BitConverter.Int32BitsToSingle(Vector512.IsHardwareAccelerated ? Largest512(x, count) : Largest128(x, count));
        if (largest < Least)
        {
            new Span<sbyte>(to, count).Clear();
            sum = 0;
            return 0;
        }

        var inverse = 127f / largest;
        sum = Vector512.IsHardwareAccelerated ? Round512(x, count, inverse, to) : Round128(x, count, inverse, to);
        return largest / 127f;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Largest512(float* x, int count)
    {
        var largest = Vector512<int>.Zero;
        for (var i = 0; i < count; i += Vector512<float>.Count)
        {
            largest = Vector512.Max(largest, Vector512.Load(x + i).AsInt32() & Vector512.Create(int.MaxValue));
        }

        var half = Vector256.Max(largest.GetLower(), largest.GetUpper());
        return Largest(Vector128.Max(half.GetLower(), half.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Largest128(float* x, int count)
    {
        var largest = Vector128<int>.Zero;
        for (var i = 0; i < count; i += Vector128<float>.Count)
        {
            largest = Vector128.Max(largest, Vector128.Load(x + i).AsInt32() & Vector128.Create(int.MaxValue));
        }

        return Largest(largest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Largest(Vector128<int> values)
    {
        values = Vector128.Max(values, Vector128.Shuffle(values, Vector128.Create(2, 3, 0, 1)));
        return Vector128.Max(values, Vector128.Shuffle(values, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }

    // Adding 1.5 · 2^23 rounds to a whole number, which the sum's low bits then hold.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Round512(float* x, int count, float inverse, sbyte* to)
    {
        var sums = Vector512<int>.Zero;
        for (var i = 0; i < count; i += Vector512<float>.Count)
        {
            var whole = ((Vector512.Load(x + i) * Vector512.Create(inverse)) + Vector512.Create(12582912f)).AsInt32() - Vector512.Create(0x4B400000);
            sums += whole;
            Avx512F.ConvertToVector128SByte(whole).Store(to + i);
        }

        return Vector512.Sum(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Round128(float* x, int count, float inverse, sbyte* to)
    {
        var sums = Vector128<int>.Zero;
        for (var i = 0; i < count; i += 16)
        {
            Vector128<int> a = Whole(x + i, inverse), b = Whole(x + i + 4, inverse), c = Whole(x + i + 8, inverse), d = Whole(x + i + 12, inverse);
            sums += a + b + c + d;
            Vector128.Narrow(Vector128.Narrow(a, b), Vector128.Narrow(c, d)).Store(to + i);
        }

        return Vector128.Sum(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Whole(float* x, float inverse) =>
        ((Vector128.Load(x) * Vector128.Create(inverse)) + Vector128.Create(12582912f)).AsInt32() - Vector128.Create(0x4B400000);
}
