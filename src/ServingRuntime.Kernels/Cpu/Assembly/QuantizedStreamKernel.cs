using System.Runtime.InteropServices;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Octavo.ServingRuntime.Kernels.Cpu.Assembly;

/// <summary>What <see cref="QuantizedStreamKernel"/> reads; the order of fields is the kernel's.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct QuantizedStreamArguments
{
    public byte* Panel;
    public long PanelBytes;
    public long PanelCount;
    public sbyte* X;
    public float* Scales;
    public int* Corrections;
    public float* GroupSums;
    public float* Y;
    public long YStrideBytes;

    /// <summary>Null: none.</summary>
    public float* Bias;

    /// <summary>Outputs of the last panel that are stored, a bit each.</summary>
    public long LastMask;
    public long Groups;
}

/// <summary>
/// A tile of 1 to 8 rows by panels that are read once, as fast as memory gives them (AVX512-VNNI). Rows are <see cref="QuantizedRows"/> by words.
/// </summary>
internal static class QuantizedStreamKernel
{
    public const int MaxRows = 8;

    // Bytes between what is computed and what is asked of memory.
    private const int PrefetchDistance = 4096;
    private const int FieldBytes = 8;

    public static ExecutableCode Assemble(QuantizedLinear weight, int rows)
    {
        // What the code depends on is taken here: it serves every weight of this form.
        int bits = weight.Bits, blockSize = weight.BlockSize, blocksPerGroup = weight.BlocksPerGroup, headerBytes = weight.HeaderBytes;
        var parameters = weight.Parameters;
        return ExecutableCode.Assemble(a => Write(a, bits, blockSize, blocksPerGroup, headerBytes, parameters, rows));
    }

    private static void Write(Assembler a, int bits, int blockSize, int blocksPerGroup, int headerBytes, QuantizedParameters form, int rows)
    {
        AssemblerRegisterZMM[] all = [zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15, zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23];
        var outputs = all[..rows];
        var inner = all[rows..(2 * rows)];
        var dots = all[(2 * rows)..(3 * rows)];
        AssemblerRegisterZMM zeros = zmm27, values = zmm28, low = zmm29, scale = zmm30, mask = zmm31;
        AssemblerRegister64 panel = rsi, parameters = rdx, cursor = rcx, x = r8, scales = r9, corrections = r10, sums = r11, groups = rax, blocks = rbx, panels = r12, y = r13, stride = r14, bias = r15, to = rbp;
        AssemblerRegister64[] saved = [rbx, rbp, r12, r13, r14, r15];
        foreach (var register in saved)
        {
            a.push(register);
        }

        a.mov(panel, __[rdi]);
        a.mov(panels, __[rdi + (2 * FieldBytes)]);
        a.mov(y, __[rdi + (7 * FieldBytes)]);
        a.mov(stride, __[rdi + (8 * FieldBytes)]);
        a.mov(bias, __[rdi + (9 * FieldBytes)]);
        a.mov(eax, 0xFFFF);
        a.kmovw(k1, eax);
        if (bits == 4)
        {
            a.mov(eax, 0x0F0F0F0F);
            a.vpbroadcastd(mask, eax);
        }

        Label nextPanel = a.CreateLabel(), nextGroup = a.CreateLabel(), nextBlock = a.CreateLabel(), noBias = a.CreateLabel(), store = a.CreateLabel();
        a.Label(ref nextPanel);
        a.mov(parameters, panel);
        a.lea(cursor, __[panel + headerBytes]);
        a.mov(x, __[rdi + (3 * FieldBytes)]);
        a.mov(scales, __[rdi + (4 * FieldBytes)]);
        a.mov(corrections, __[rdi + (5 * FieldBytes)]);
        a.mov(sums, __[rdi + (6 * FieldBytes)]);
        a.mov(groups, __[rdi + (11 * FieldBytes)]);
        foreach (var output in outputs)
        {
            a.vpxord(output, output, output);
        }

        a.Label(ref nextGroup);
        LoadParameters(a, form, parameters, scale, zeros);
        foreach (var sum in inner)
        {
            a.vpxord(sum, sum, sum);
        }

        if (blocksPerGroup > 1)
        {
            a.mov(blocks, blocksPerGroup);
            a.Label(ref nextBlock);
        }

        for (var r = 0; r < rows; r++)
        {
            StartDots(a, form.Form, dots[r], zeros, corrections + (4 * r));
        }

        var steps = blockSize * bits / 32;
        for (var step = 0; step < steps; step++)
        {
            a.prefetcht0(__[cursor + (64 * step) + PrefetchDistance]);
            a.vmovdqu64(values, __[cursor + (64 * step)]);
            var word = step * (32 / bits) * rows;
            if (bits == 4)
            {
                a.vpandd(low, values, mask);
                a.vpsrld(values, values, 4);
                a.vpandd(values, values, mask);
                for (var r = 0; r < rows; r++)
                {
                    a.vpdpbusd(dots[r], low, __dword_bcst[x + word + (4 * r)]);
                }

                word += 4 * rows;
            }

            for (var r = 0; r < rows; r++)
            {
                a.vpdpbusd(dots[r], values, __dword_bcst[x + word + (4 * r)]);
            }
        }

        for (var r = 0; r < rows; r++)
        {
            a.vcvtdq2ps(dots[r], dots[r]);
            a.vfmadd231ps(inner[r], dots[r], __dword_bcst[scales + (4 * r)]);
        }

        a.add(cursor, 64 * steps);
        a.add(x, blockSize * rows);
        a.add(scales, 4 * rows);
        a.add(corrections, 4 * rows);
        if (blocksPerGroup > 1)
        {
            a.dec(blocks);
            a.jnz(nextBlock);
        }

        for (var r = 0; r < rows; r++)
        {
            a.vfmadd231ps(outputs[r], inner[r], scale);
            if (form.Form == ZeroForm.Offsets)
            {
                a.vfnmadd231ps(outputs[r], zeros, __dword_bcst[sums + (4 * r)]);
            }
        }

        a.add(sums, 4 * rows);
        a.add(parameters, form.Bytes);
        a.dec(groups);
        a.jnz(nextGroup);

        a.test(bias, bias);
        a.jz(noBias);
        foreach (var output in outputs)
        {
            a.vaddps(output, output, __[bias]);
        }

        a.add(bias, 64);
        a.Label(ref noBias);
        a.cmp(panels, 1);
        a.jne(store);
        a.mov(rax, __[rdi + (10 * FieldBytes)]);
        a.kmovw(k1, eax);
        a.Label(ref store);
        a.mov(to, y);
        foreach (var output in outputs)
        {
            a.vmovups(__[to].k1, output);
            a.add(to, stride);
        }

        a.add(y, 64);
        a.add(panel, __qword_ptr[rdi + FieldBytes]);
        a.dec(panels);
        a.jnz(nextPanel);
        foreach (var register in saved.Reverse())
        {
            a.pop(register);
        }

        a.vzeroupper();
        a.ret();
    }

    /// <summary>A group's scales, and its zero points in 32 bits or its offsets.</summary>
    internal static void LoadParameters(Assembler a, QuantizedParameters form, AssemblerRegister64 parameters, AssemblerRegisterZMM scale, AssemblerRegisterZMM zeros)
    {
        if (form.HalfScales)
        {
            a.vcvtph2ps(scale, __ymmword_ptr[parameters]);
        }
        else
        {
            a.vmovups(scale, __zmmword_ptr[parameters]);
        }

        if (form.Form == ZeroForm.Bytes)
        {
            a.vpmovzxbd(zeros, __xmmword_ptr[parameters + form.ScaleBytes]);
        }
        else if (form.Form == ZeroForm.Offsets)
        {
            a.vmovups(zeros, __zmmword_ptr[parameters + form.ScaleBytes]);
        }
    }

    /// <summary>Sums begin with the correction for the zero points, which both fit 16 bits.</summary>
    private static void StartDots(Assembler a, ZeroForm form, AssemblerRegisterZMM dots, AssemblerRegisterZMM zeros, AssemblerMemoryOperand correction)
    {
        if (form == ZeroForm.Constant)
        {
            a.vpbroadcastd(dots, correction);
            return;
        }

        a.vpxord(dots, dots, dots);
        if (form == ZeroForm.Bytes)
        {
            a.vpdpwssd(dots, zeros, __dword_bcst[correction]);
        }
    }
}
