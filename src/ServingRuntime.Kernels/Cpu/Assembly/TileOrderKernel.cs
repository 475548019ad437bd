using System.Runtime.CompilerServices;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Octavo.ServingRuntime.Kernels.Cpu.Assembly;

/// <summary>
/// One row of bfloat16 products with the very bits of <see cref="TileKernel"/>, by vectors: loading a tile to use it once is slower than memory is. tdpbf16ps is defined as (Intel's manual,
/// volume 2): of 32 inputs the even and the odd ones are each one chain of fused multiply-adds from zero, the two are added, and that is added to the sum; numbers too small for
/// float32's normal range are zero throughout.
/// </summary>
internal sealed unsafe class TileOrderKernel : IDisposable
{
    private const int PairsOfStep = 16, PairBytes = 128, VectorBytes = 64, StepBytes = PairsOfStep * PairBytes;
    private const int PrefetchBytes = 2 * StepBytes;

    // Denormals are zero, read and written; exceptions masked; to nearest.
    private const uint TileArithmetic = 0x9FC0;
    private readonly ExecutableCode code;

    /// <param name="panels">1 to 4, of equal distance.</param>
    public TileOrderKernel(int panels)
    {
        Panels = panels;
        code = ExecutableCode.Assemble(a => Write(a, panels));
    }

    public int Panels { get; }

    /// <summary>Of the call X is the row, and the distance of Panel and Panel1 is that of all panels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(TileCall* call) => ((delegate* unmanaged[SuppressGCTransition]<TileCall*, void>)code.Address)(call);

    public void Dispose() => code.Dispose();

    private static void Write(Assembler a, int panels)
    {
        AssemblerRegister64 x = rax, steps = rcx, other = r10;
        AssemblerRegister64[] panel = [rsi, rdx, r8, r9];
        var vectors = 2 * panels;
        AssemblerRegisterZMM[] all =
        [
            zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
            zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29,
        ];
        AssemblerRegisterZMM low = all[24], high = all[25], xLow = all[26], xHigh = all[27], upperHalves = all[28];
        AssemblerRegisterZMM Sum(int vector) => all[vector];
        AssemblerRegisterZMM Even(int vector) => all[8 + vector];
        AssemblerRegisterZMM Odd(int vector) => all[16 + vector];

        a.sub(rsp, 8);
        a.stmxcsr(__dword_ptr[rsp]);
        a.mov(__dword_ptr[rsp + 4], TileArithmetic);
        a.ldmxcsr(__dword_ptr[rsp + 4]);
        a.mov(eax, 0xFFFF0000);
        a.vpbroadcastd(upperHalves, eax);
        a.mov(other, __[rdi + TileCall.SumsOffset]);
        for (var vector = 0; vector < vectors; vector++)
        {
            a.vmovups(Sum(vector), __[other + (vector * VectorBytes)]);
        }

        a.mov(x, __[rdi + TileCall.XOffset]);
        a.mov(panel[0], __[rdi + TileCall.PanelOffset]);
        a.mov(other, __[rdi + TileCall.Panel1Offset]);
        a.sub(other, panel[0]);
        for (var i = 1; i < panels; i++)
        {
            a.lea(panel[i], __[panel[i - 1] + other]);
        }

        a.mov(steps, __[rdi + TileCall.StepsOffset]);
        var next = a.CreateLabel();
        a.Label(ref next);
        for (var vector = 0; vector < vectors; vector++)
        {
            a.vpxord(Even(vector), Even(vector), Even(vector));
            a.vpxord(Odd(vector), Odd(vector), Odd(vector));
        }

        for (var pair = 0; pair < PairsOfStep; pair++)
        {
            a.vpbroadcastd(xHigh, __dword_ptr[x + (pair * sizeof(uint))]);
            a.vpslld(xLow, xHigh, 16);
            a.vpandd(xHigh, xHigh, upperHalves);
            for (var vector = 0; vector < vectors; vector++)
            {
                var offset = (pair * PairBytes) + (vector % 2 * VectorBytes);
                a.prefetcht0(__[panel[vector / 2] + (offset + PrefetchBytes)]);
                a.vpslld(low, __zmmword_ptr[panel[vector / 2] + offset], 16);
                a.vpandd(high, upperHalves, __zmmword_ptr[panel[vector / 2] + offset]);
                a.vfmadd231ps(Even(vector), xLow, low);
                a.vfmadd231ps(Odd(vector), xHigh, high);
            }
        }

        for (var vector = 0; vector < vectors; vector++)
        {
            a.vaddps(Even(vector), Even(vector), Odd(vector));
            a.vaddps(Sum(vector), Sum(vector), Even(vector));
        }

        a.add(x, TileConfiguration.TileBytes);
        for (var i = 0; i < panels; i++)
        {
            a.add(panel[i], StepBytes);
        }

        a.dec(steps);
        a.jnz(next);

        a.mov(other, __[rdi + TileCall.YOffset]);
        for (var vector = 0; vector < vectors; vector++)
        {
            a.vmovups(__[other + (vector * VectorBytes)], Sum(vector));
        }

        a.ldmxcsr(__dword_ptr[rsp]);
        a.add(rsp, 8);
        a.vzeroupper();
        a.ret();
    }
}
