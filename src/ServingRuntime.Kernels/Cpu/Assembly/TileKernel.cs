using System.Runtime.CompilerServices;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Octavo.ServingRuntime.Kernels.Cpu.Assembly;

/// <summary>
/// bfloat16 products in tiles (tdpbf16ps): 16 rows by 32 or 64 outputs, or 32 rows by 32 outputs; rows may be fewer by the tiles' configuration. Of every sum, 32 inputs after 32 are
/// added, within them as the instruction does, whatever the shape: so the bits are the same for all of them.
/// </summary>
internal sealed unsafe class TileKernel : IDisposable
{
    private const int StepBytes = 2048, PanelStride = 128, VectorBytes = 64;

    // How far ahead weights that come from memory are fetched: two steps, of two panels a page.
    private const int PrefetchBytes = 2 * StepBytes;

    // And rows where there are two tiles of them, which come from the second-level cache: four steps.
    private const int PrefetchRowsBytes = 4 * TileConfiguration.TileBytes;
    private readonly ExecutableCode code;

    /// <param name="rowTiles">1 or 2.</param>
    /// <param name="panels">1 or 2, but not 2 with two tiles of rows.</param>
    /// <param name="prefetch">Whether weights are fetched ahead: where they come from memory, not from a cache.</param>
    public TileKernel(int rowTiles, int panels, bool prefetch)
    {
        Arguments.That(rowTiles * panels <= 2, $"{rowTiles} tiles of rows by {panels} panels do not fit into the tile registers");
        code = ExecutableCode.Assemble(a => Write(a, rowTiles, panels, prefetch));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run(TileCall* call) => ((delegate* unmanaged[SuppressGCTransition]<TileCall*, void>)code.Address)(call);

    public void Dispose() => code.Dispose();

    /// <summary>
    /// The rows of the tile registers that kernels expect. tmm0 to tmm3: sums; with two tiles of rows the last two are the second one's. tmm4: x; tmm5: the second x or,
    /// like tmm6 and tmm7, weights.
    /// </summary>
    /// <param name="rows">1 to 32.</param>
    public static void Configure(byte* configuration, int rows)
    {
        int first = Math.Min(rows, TileConfiguration.MaxRows), second = rows - first;
        TileConfiguration.Write(configuration, second == 0 ? [first, first, first, first, first, 16, 16, 16] : [first, first, second, second, first, second, 16, 16]);
    }

    private static void Write(Assembler a, int rowTiles, int panels, bool prefetch)
    {
        AssemblerRegister64 x = rax, x1 = rcx, panel = rsi, panel1 = rdx, stride = r8, rowBytes = r9, steps = r10, sums = r11;
        a.mov(sums, __[rdi + TileCall.SumsOffset]);
        a.mov(stride, __[rdi + TileCall.SumsStrideOffset]);
        a.tileloadd(tmm0, __[sums + stride]);
        a.tileloadd(tmm1, __[sums + stride + VectorBytes]);
        if (panels == 2)
        {
            a.tileloadd(tmm2, __[sums + stride + (2 * VectorBytes)]);
            a.tileloadd(tmm3, __[sums + stride + (3 * VectorBytes)]);
        }
        else if (rowTiles == 2)
        {
            a.mov(x, stride);
            a.shl(x, 4);
            a.add(sums, x);
            a.tileloadd(tmm2, __[sums + stride]);
            a.tileloadd(tmm3, __[sums + stride + VectorBytes]);
        }

        a.mov(x, __[rdi + TileCall.XOffset]);
        a.mov(x1, __[rdi + TileCall.X1Offset]);
        a.mov(panel, __[rdi + TileCall.PanelOffset]);
        a.mov(panel1, __[rdi + TileCall.Panel1Offset]);
        a.mov(steps, __[rdi + TileCall.StepsOffset]);
        a.mov(stride, PanelStride);
        a.mov(rowBytes, TileConfiguration.RowBytes);
        var next = a.CreateLabel();
        a.Label(ref next);
        a.tileloadd(tmm4, __[x + rowBytes]);
        PrefetchRows(x);
        a.tileloadd(tmm6, __[panel + stride]);
        Prefetch(panel, 0);
        a.tdpbf16ps(tmm0, tmm4, tmm6);
        a.tileloadd(tmm7, __[panel + stride + VectorBytes]);
        Prefetch(panel, 1);
        a.tdpbf16ps(tmm1, tmm4, tmm7);
        if (panels == 2)
        {
            a.tileloadd(tmm5, __[panel1 + stride]);
            Prefetch(panel1, 0);
            a.tdpbf16ps(tmm2, tmm4, tmm5);
            a.tileloadd(tmm6, __[panel1 + stride + VectorBytes]);
            Prefetch(panel1, 1);
            a.tdpbf16ps(tmm3, tmm4, tmm6);
            a.add(panel1, StepBytes);
        }
        else if (rowTiles == 2)
        {
            a.tileloadd(tmm5, __[x1 + rowBytes]);
            PrefetchRows(x1);
            a.tdpbf16ps(tmm2, tmm5, tmm6);
            a.tdpbf16ps(tmm3, tmm5, tmm7);
            a.add(x1, TileConfiguration.TileBytes);
        }

        a.add(x, TileConfiguration.TileBytes);
        a.add(panel, StepBytes);
        a.dec(steps);
        a.jnz(next);

        a.mov(x, __[rdi + TileCall.YOffset]);
        a.mov(stride, __[rdi + TileCall.YStrideOffset]);
        a.tilestored(__[x + stride], tmm0);
        a.tilestored(__[x + stride + VectorBytes], tmm1);
        if (panels == 2)
        {
            a.tilestored(__[x + stride + (2 * VectorBytes)], tmm2);
            a.tilestored(__[x + stride + (3 * VectorBytes)], tmm3);
        }
        else if (rowTiles == 2)
        {
            a.mov(x1, stride);
            a.shl(x1, 4);
            a.add(x, x1);
            a.tilestored(__[x + stride], tmm2);
            a.tilestored(__[x + stride + VectorBytes], tmm3);
        }

        a.ret();

        void PrefetchRows(AssemblerRegister64 of)
        {
            for (var line = 0; rowTiles == 2 && line < 16; line++)
            {
                a.prefetcht0(__[of + (PrefetchRowsBytes + (line * 64))]);
            }
        }

        void Prefetch(AssemblerRegister64 of, int half)
        {
            for (var line = half * 16; prefetch && line < (half + 1) * 16; line++)
            {
                a.prefetcht0(__[of + (PrefetchBytes + (line * 64))]);
            }
        }
    }
}
