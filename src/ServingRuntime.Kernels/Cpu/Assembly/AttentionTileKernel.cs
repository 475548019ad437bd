using System.Runtime.CompilerServices;
using static Iced.Intel.AssemblerRegisters;

namespace Octavo.ServingRuntime.Kernels.Cpu.Assembly;

/// <summary>
/// The two products of attention in tiles (tdpbf16ps), 16 queries by 64 keys. Every row of a tile is computed by itself and all sums go by 32 terms in the same order, so a query's bits
/// do not depend on the others.
/// </summary>
internal sealed unsafe class AttentionTileKernel : IDisposable
{
    private const int Steps = 2, PairRows = 16, VectorBytes = 64, KeyStride = 256, WeightStride = 128;
    private readonly TileSwitch tiles = new();
    private readonly CpuMemory configuration = new(TileConfiguration.Bytes);

    // queries, their stride, pairs of keys [pairs][64][2], scores [16][64], steps of 32 elements
    private readonly ExecutableCode scores = ExecutableCode.Assemble(a =>
    {
        a.tilezero(tmm0);
        a.tilezero(tmm1);
        a.tilezero(tmm2);
        a.tilezero(tmm3);
        a.mov(r9, KeyStride);
        var next = a.CreateLabel();
        a.Label(ref next);
        a.tileloadd(tmm4, __[rdi + rsi]);
        a.tileloadd(tmm5, __[rdx + r9]);
        a.tdpbf16ps(tmm0, tmm4, tmm5);
        a.tileloadd(tmm6, __[rdx + r9 + VectorBytes]);
        a.tdpbf16ps(tmm1, tmm4, tmm6);
        a.tileloadd(tmm7, __[rdx + r9 + (2 * VectorBytes)]);
        a.tdpbf16ps(tmm2, tmm4, tmm7);
        a.tileloadd(tmm5, __[rdx + r9 + (3 * VectorBytes)]);
        a.tdpbf16ps(tmm3, tmm4, tmm5);
        a.add(rdi, VectorBytes);
        a.add(rdx, PairRows * KeyStride);
        a.dec(r8);
        a.jnz(next);
        a.tilestored(__[rcx + r9], tmm0);
        a.tilestored(__[rcx + r9 + VectorBytes], tmm1);
        a.tilestored(__[rcx + r9 + (2 * VectorBytes)], tmm2);
        a.tilestored(__[rcx + r9 + (3 * VectorBytes)], tmm3);
        a.ret();
    });

    // weights [16][64], pairs of values [32][width][2], their stride, outputs, their stride, tiles of 16 elements
    private readonly ExecutableCode values = ExecutableCode.Assemble(a =>
    {
        a.mov(rax, WeightStride);
        a.tileloadd(tmm4, __[rdi + rax]);
        a.tileloadd(tmm5, __[rdi + rax + VectorBytes]);
        a.mov(r10, rdx);
        a.shl(r10, 4);
        a.add(r10, rsi);
        var next = a.CreateLabel();
        a.Label(ref next);
        a.tileloadd(tmm0, __[rcx + r8]);
        a.tileloadd(tmm6, __[rsi + rdx]);
        a.tdpbf16ps(tmm0, tmm4, tmm6);
        a.tileloadd(tmm7, __[r10 + rdx]);
        a.tdpbf16ps(tmm0, tmm5, tmm7);
        a.tilestored(__[rcx + r8], tmm0);
        a.add(rcx, VectorBytes);
        a.add(rsi, VectorBytes);
        a.add(r10, VectorBytes);
        a.dec(r9);
        a.jnz(next);
        a.ret();
    });

    public AttentionTileKernel() => TileConfiguration.Write((byte*)configuration.Address, [16, 16, 16, 16, 16, 16, 16, 16]);

    /// <summary>Before the first product of a thread's piece of work.</summary>
    public void Begin() => tiles.Configure((byte*)configuration.Address);

    /// <summary>After the last one.</summary>
    public void End() => tiles.Release();

    /// <summary>scores [16][64] = queries · keys.</summary>
    /// <param name="queries">bfloat16 [16][width].</param>
    /// <param name="width">A multiple of 32.</param>
    /// <param name="keys">bfloat16 [width / 2][64][2].</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Scores(ushort* queries, int width, uint* keys, float* scoresOf) =>
        ((delegate* unmanaged[SuppressGCTransition]<ushort*, nint, uint*, float*, nint, void>)scores.Address)(queries, width * sizeof(ushort), keys, scoresOf, width / (Steps * PairRows));

    /// <summary>outputs [16][width] += weights · values.</summary>
    /// <param name="weights">bfloat16 [16][64].</param>
    /// <param name="pairs">bfloat16 [32][width][2].</param>
    /// <param name="width">A multiple of 16.</param>
    /// <param name="stride">Elements from one output's row to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddValues(ushort* weights, uint* pairs, int width, float* outputs, int stride) =>
        ((delegate* unmanaged[SuppressGCTransition]<ushort*, uint*, nint, float*, nint, nint, void>)values.Address)(weights, pairs, width * sizeof(uint), outputs, stride * sizeof(float), width / PairRows);

    public void Dispose()
    {
        tiles.Dispose();
        scores.Dispose();
        values.Dispose();
        configuration.Dispose();
    }
}
