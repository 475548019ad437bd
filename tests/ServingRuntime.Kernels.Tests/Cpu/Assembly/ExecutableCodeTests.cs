using System.Runtime.InteropServices;
using Octavo.ServingRuntime.Kernels.Cpu;
using Octavo.ServingRuntime.Kernels.Cpu.Assembly;
using static Iced.Intel.AssemblerRegisters;

namespace Octavo.ServingRuntime.Kernels.Tests.Cpu.Assembly;

public sealed unsafe class ExecutableCodeTests
{
    private static bool IsX64Linux => RuntimeInformation.ProcessArchitecture == Architecture.X64 && OperatingSystem.IsLinux();

    [Fact]
    public void Assemble_Loop_Computes()
    {
        if (!IsX64Linux)
        {
            return;
        }

        using var code = ExecutableCode.Assemble(a =>
        {
            var next = a.CreateLabel();
            a.xor(eax, eax);
            a.Label(ref next);
            a.add(rax, rdi);
            a.dec(rdi);
            a.jnz(next);
            a.ret();
        });
        ((delegate* unmanaged<long, long>)code.Address)(100).Should().Be(5050);
    }

    [Fact]
    public void Assemble_Tiles_RunWhereTheSetIsSaidToBeSupported()
    {
        if (!CpuInstructionSet.Amx.IsSupported())
        {
            return;
        }

        // rdi: 64 bytes of tile configuration; rsi: a, rdx: b, rcx: c, each 16 rows of 64 bytes.
        using var code = ExecutableCode.Assemble(a =>
        {
            a.ldtilecfg(__[rdi]);
            a.mov(r8, 64);
            a.tileloadd(tmm0, __[rsi + r8]);
            a.tileloadd(tmm1, __[rdx + r8]);
            a.tilezero(tmm2);
            a.tdpbf16ps(tmm2, tmm0, tmm1);
            a.tilestored(__[rcx + r8], tmm2);
            a.tilerelease();
            a.ret();
        });
        var configuration = stackalloc byte[64];
        new Span<byte>(configuration, 64).Clear();
        configuration[0] = 1;
        for (var tile = 0; tile < 3; tile++)
        {
            configuration[16 + (2 * tile)] = 64;
            configuration[48 + tile] = 16;
        }

        const ushort one = 0x3F80;
        ushort* left = stackalloc ushort[512], right = stackalloc ushort[512];
        var sums = stackalloc float[256];
        new Span<ushort>(left, 512).Fill(one);
        new Span<ushort>(right, 512).Fill(one);
        ((delegate* unmanaged<byte*, ushort*, ushort*, float*, void>)code.Address)(configuration, left, right, sums);
        new Span<float>(sums, 256).ToArray().Should().AllBeEquivalentTo(32f);
    }
}
