using System.Runtime.InteropServices;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Octavo.ServingRuntime.Kernels.Cpu.Assembly;

/// <summary>What <see cref="QuantizedTileKernel"/> reads; the order of fields is the kernel's.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct QuantizedTileArguments
{
    /// <summary>64 bytes for ldtilecfg.</summary>
    public byte* Configuration;

    /// <summary>The first block of the first tile of rows.</summary>
    public sbyte* X;
    public long XTileBytes;
    public float* Scales;
    public int* Corrections;
    public long ScalesTileBytes;
    public float* GroupSums;
    public long SumsTileBytes;
    public long Tiles;

    /// <summary>The first block of the first panel, a byte a value: four inputs of 16 outputs after the other.</summary>
    public byte* Weights;
    public long WeightsPanelBytes;
    public byte* Parameters;
    public long ParametersPanelBytes;
    public long Panels;
    public long Groups;

    /// <summary>[tile of rows][panel][16][16], added to.</summary>
    public float* Outputs;

    /// <summary>Room for <see cref="QuantizedTileKernel.ScratchBytes"/>.</summary>
    public byte* Scratch;
}

/// <summary>
/// Tiles of 16 rows by panels of 16 outputs over some groups of inputs, with AMX: a tile of whole sums for each block, which vectors then scale and add up as
/// <see cref="QuantizedKernels"/> defines. Rows are <see cref="QuantizedRows"/> by blocks.
/// </summary>
internal static unsafe class QuantizedTileKernel
{
    public const int Rows = 16;

    /// <summary>Blocks of a group whose sums are combined at once, with outputs in registers; a group of more blocks keeps them in memory.</summary>
    private const int UnrolledBlocks = 2;
    private const int TileBytes = 1024;
    private const int FieldBytes = 8;

    public static int ScratchBytes => UnrolledBlocks * TileBytes;

    /// <summary>For ldtilecfg: sums in tiles 0 to 3, activations in 4 and 5, weights in 6 and 7.</summary>
    public static void Configure(byte* configuration, int blockSize)
    {
        new Span<byte>(configuration, 64).Clear();
        configuration[0] = 1;
        for (var tile = 0; tile < 8; tile++)
        {
            ((ushort*)(configuration + 16))[tile] = (ushort)(tile is 4 or 5 ? blockSize : 64);
            configuration[48 + tile] = (byte)(tile >= 6 ? blockSize / 4 : Rows);
        }
    }

    public static ExecutableCode Assemble(QuantizedLinear weight)
    {
        int bits = weight.Bits, blockSize = weight.BlockSize, blocksPerGroup = weight.BlocksPerGroup;
        var parameters = weight.Parameters;
        return ExecutableCode.Assemble(a => Write(a, bits, blockSize, blocksPerGroup, parameters));
    }

    private static void Write(Assembler a, int bits, int blockSize, int blocksPerGroup, QuantizedParameters form)
    {
        AssemblerRegisterZMM[] sums = [zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15];
        AssemblerRegisterZMM scale = zmm16, zeros = zmm17;
        AssemblerRegister64 x = rsi, weights = rdx, parameters = rcx, outputs = r8, scales = r9, corrections = r10, groupSums = r11, groups = rax, blocks = rbx, panels = r12, tiles = r13, stride = r14, scratch = r15;
        AssemblerRegister64[] saved = [rbx, rbp, r12, r13, r14, r15];
        foreach (var register in saved)
        {
            a.push(register);
        }

        // Four fields walk with the tiles of rows and the panels; the arguments are the kernel's own copy.
        const int xField = 1, scalesField = 3, correctionsField = 4, groupSumsField = 6, weightsField = 9, parametersField = 11, outputsField = 15;
        AssemblerMemoryOperand Field(int index) => __qword_ptr[rdi + (index * FieldBytes)];
        Label nextTile = a.CreateLabel(), nextPanel = a.CreateLabel(), nextGroup = a.CreateLabel(), nextBlock = a.CreateLabel();
        a.mov(rax, Field(0));
        a.ldtilecfg(__[rax]);
        a.mov(stride, blockSize);
        a.mov(rbp, 64);
        a.mov(scratch, Field(16));
        a.mov(outputs, Field(outputsField));
        a.mov(tiles, Field(8));

        a.Label(ref nextTile);
        a.mov(weights, Field(weightsField));
        a.mov(parameters, Field(parametersField));
        a.mov(panels, Field(13));

        a.Label(ref nextPanel);
        a.push(weights);
        a.push(parameters);
        a.mov(x, Field(xField));
        a.mov(scales, Field(scalesField));
        a.mov(corrections, Field(correctionsField));
        a.mov(groupSums, Field(groupSumsField));
        a.mov(groups, Field(14));
        var unrolled = blocksPerGroup <= UnrolledBlocks;
        for (var r = 0; unrolled && r < Rows; r++)
        {
            a.vmovups(sums[r], __[outputs + (64 * r)]);
        }

        a.Label(ref nextGroup);
        QuantizedStreamKernel.LoadParameters(a, form, parameters, scale, zeros);
        if (unrolled)
        {
            for (var block = 0; block < blocksPerGroup; block++)
            {
                Block(a, bits, form.Form, block, blockSize, x, stride, weights, scratch);
            }

            for (var r = 0; r < Rows; r++)
            {
                var inner = new[] { zmm20, zmm21, zmm22, zmm23 }[r % 4];
                var dots = new[] { zmm24, zmm25, zmm26, zmm27 }[r % 4];
                Dots(a, bits, form.Form, inner, scratch + (64 * r), zeros, corrections + (4 * r));
                a.vmulps(inner, inner, __dword_bcst[scales + (4 * r)]);
                for (var block = 1; block < blocksPerGroup; block++)
                {
                    Dots(a, bits, form.Form, dots, scratch + ((block * TileBytes) + (64 * r)), zeros, corrections + ((block * 4 * Rows) + (4 * r)));
                    a.vfmadd231ps(inner, dots, __dword_bcst[scales + ((block * 4 * Rows) + (4 * r))]);
                }

                a.vfmadd231ps(sums[r], inner, scale);
            }

            Advance(a, blocksPerGroup);
        }
        else
        {
            for (var r = 0; r < Rows; r++)
            {
                a.vpxord(sums[r], sums[r], sums[r]);
            }

            a.mov(blocks, blocksPerGroup);
            a.Label(ref nextBlock);
            Block(a, bits, form.Form, 0, blockSize, x, stride, weights, scratch);
            for (var r = 0; r < Rows; r++)
            {
                var dots = new[] { zmm24, zmm25, zmm26, zmm27 }[r % 4];
                Dots(a, bits, form.Form, dots, scratch + (64 * r), zeros, corrections + (4 * r));
                a.vfmadd231ps(sums[r], dots, __dword_bcst[scales + (4 * r)]);
            }

            Advance(a, 1);
            a.dec(blocks);
            a.jnz(nextBlock);
            for (var r = 0; r < Rows; r++)
            {
                a.vfmadd213ps(sums[r], scale, __zmmword_ptr[outputs + (64 * r)]);
            }
        }

        if (form.Form == ZeroForm.Offsets)
        {
            for (var r = 0; r < Rows; r++)
            {
                a.vfnmadd231ps(sums[r], zeros, __dword_bcst[groupSums + (4 * r)]);
            }

            a.add(groupSums, 4 * Rows);
        }

        for (var r = 0; !unrolled && r < Rows; r++)
        {
            a.vmovups(__[outputs + (64 * r)], sums[r]);
        }

        a.add(parameters, form.Bytes);
        a.dec(groups);
        a.jnz(nextGroup);
        for (var r = 0; unrolled && r < Rows; r++)
        {
            a.vmovups(__[outputs + (64 * r)], sums[r]);
        }

        a.add(outputs, TileBytes);
        a.pop(parameters);
        a.pop(weights);
        a.add(weights, Field(10));
        a.add(parameters, Field(12));
        a.dec(panels);
        a.jnz(nextPanel);

        Walk(xField, 2);
        Walk(scalesField, 5);
        Walk(correctionsField, 5);
        Walk(groupSumsField, 7);
        a.dec(tiles);
        a.jnz(nextTile);
        a.tilerelease();
        foreach (var register in saved.Reverse())
        {
            a.pop(register);
        }

        a.vzeroupper();
        a.ret();

        void Walk(int field, int step)
        {
            a.mov(rax, Field(step));
            a.add(Field(field), rax);
        }

        void Advance(Assembler code, int count)
        {
            code.add(x, count * blockSize * Rows);
            code.add(weights, count * blockSize * QuantizedLinear.PanelWidth);
            code.add(scales, count * 4 * Rows);
            code.add(corrections, count * 4 * Rows);
        }
    }

    /// <summary>A block's whole sums into the scratch memory.</summary>
    private static void Block(
        Assembler a, int bits, ZeroForm form, int block, int blockSize, AssemblerRegister64 x, AssemblerRegister64 stride, AssemblerRegister64 weights, AssemblerRegister64 scratch)
    {
        AssemblerRegisterTMM sums = block % 2 == 0 ? tmm0 : tmm1, rows = block % 2 == 0 ? tmm4 : tmm5, columns = block % 2 == 0 ? tmm6 : tmm7;
        a.tilezero(sums);
        a.tileloadd(rows, __[x + stride + (block * blockSize * Rows)]);
        a.tileloadd(columns, __[weights + rbp + (block * blockSize * QuantizedLinear.PanelWidth)]);

        // Nibbles were widened less their zero points; bytes are as they are stored.
        if (bits == 4 && form != ZeroForm.Offsets)
        {
            a.tdpbssd(sums, rows, columns);
        }
        else
        {
            a.tdpbsud(sums, rows, columns);
        }

        a.tilestored(__[scratch + rbp + (block * TileBytes)], sums);
    }

    private static void Dots(
        Assembler a, int bits, ZeroForm form, AssemblerRegisterZMM to, AssemblerMemoryOperand sums, AssemblerRegisterZMM zeros, AssemblerMemoryOperand correction)
    {
        if (bits == 4 || form == ZeroForm.Offsets)
        {
            a.vcvtdq2ps(to, __zmmword_ptr[sums]);
            return;
        }

        a.vmovdqu32(to, __zmmword_ptr[sums]);
        if (form == ZeroForm.Constant)
        {
            a.vpaddd(to, to, __dword_bcst[correction]);
        }
        else
        {
            a.vpdpwssd(to, zeros, __dword_bcst[correction]);
        }

        a.vcvtdq2ps(to, to);
    }
}
