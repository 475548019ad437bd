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

    /// <summary>The kernel's own.</summary>
    public long PanelsLeft;

    /// <summary>Where the rows of finished sums go, all 16 of each tile; null: there are inputs yet to come, or rows that do not exist.</summary>
    public float* Y;
    public long YStrideBytes;

    /// <summary>Null: none.</summary>
    public float* Bias;

    /// <summary>Outputs of the last panel that are stored in Y, a bit each.</summary>
    public long LastMask;
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

    public static int ScratchBytes => 2 * UnrolledBlocks * TileBytes;

    private static AssemblerRegister64 RowStride => r14;

    private static AssemblerRegister64 ColumnStride => rbp;

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
        AssemblerRegister64 x = rsi, weights = rdx, parameters = rcx, outputs = r8, scales = r9, corrections = r10, groupSums = r11, steps = rax, blocks = rbx, done = r12, running = r13;
        AssemblerRegister64[] saved = [rbx, rbp, r12, r13, r14, r15];
        foreach (var register in saved)
        {
            a.push(register);
        }

        // Fields that walk with the tiles of rows are changed in place: the arguments are this call's alone.
        const int xField = 1, scalesField = 3, correctionsField = 4, groupSumsField = 6, tilesField = 8, weightsField = 9, parametersField = 11, outputsField = 15, panelsLeftField = 17;
        AssemblerMemoryOperand Field(int index) => __qword_ptr[rdi + (index * FieldBytes)];
        const int yField = 18, yStrideField = 19, biasField = 20, maskField = 21;
        Label noY = a.CreateLabel(), noBias = a.CreateLabel(), wholePanel = a.CreateLabel(), panelDone = a.CreateLabel(), noRows = a.CreateLabel();
        Label nextTile = a.CreateLabel(), nextPanel = a.CreateLabel(), nextStep = a.CreateLabel(), lastStep = a.CreateLabel(), sameGroup = a.CreateLabel();
        a.mov(rax, Field(0));
        a.ldtilecfg(__[rax]);
        a.mov(RowStride, blockSize);
        a.mov(ColumnStride, 64);
        a.mov(done, Field(16));
        a.lea(running, __[done + (UnrolledBlocks * TileBytes)]);
        a.mov(outputs, Field(outputsField));

        // A step is a group, or a block where a group has many.
        var unrolled = blocksPerGroup <= UnrolledBlocks;
        var stepBlocks = unrolled ? blocksPerGroup : 1;
        a.Label(ref nextTile);
        a.mov(weights, Field(weightsField));
        a.mov(parameters, Field(parametersField));
        a.mov(rax, Field(13));
        a.mov(Field(panelsLeftField), rax);

        a.Label(ref nextPanel);
        a.push(weights);
        a.push(parameters);
        a.mov(x, Field(xField));
        a.mov(scales, Field(scalesField));
        a.mov(corrections, Field(correctionsField));
        a.mov(groupSums, Field(groupSumsField));
        a.mov(steps, Field(14));
        if (unrolled)
        {
            ForRows(r => a.vmovups(sums[r], __[outputs + (64 * r)]));
        }
        else
        {
            a.imul(steps, steps, blocksPerGroup);
            a.mov(blocks, blocksPerGroup);
            QuantizedStreamKernel.LoadParameters(a, form, parameters, scale, zeros);
            ForRows(r => a.vpxord(sums[r], sums[r], sums[r]));
        }

        // Vectors work on sums that tiles have stored a step ago, since what has just been stored cannot be read at once.
        Tiles(a, bits, form.Form, stepBlocks, blockSize, x, weights, running);
        a.Label(ref nextStep);
        a.xchg(done, running);
        a.cmp(steps, 1);
        a.je(lastStep);
        Tiles(a, bits, form.Form, stepBlocks, blockSize, x, weights, running);
        a.Label(ref lastStep);
        if (unrolled)
        {
            QuantizedStreamKernel.LoadParameters(a, form, parameters, scale, zeros);
            ForRows(r =>
            {
                AssemblerRegisterZMM inner = new[] { zmm20, zmm21, zmm22, zmm23 }[r % 4], dots = new[] { zmm24, zmm25, zmm26, zmm27 }[r % 4];
                Dots(a, bits, form.Form, inner, done + (64 * r), zeros, corrections + (4 * r));
                a.vmulps(inner, inner, __dword_bcst[scales + (4 * r)]);
                for (var block = 1; block < blocksPerGroup; block++)
                {
                    Dots(a, bits, form.Form, dots, done + ((block * TileBytes) + (64 * r)), zeros, corrections + ((block * 4 * Rows) + (4 * r)));
                    a.vfmadd231ps(inner, dots, __dword_bcst[scales + ((block * 4 * Rows) + (4 * r))]);
                }

                a.vfmadd231ps(sums[r], inner, scale);
            });
            FinishGroup();
        }
        else
        {
            ForRows(r =>
            {
                var dots = new[] { zmm24, zmm25, zmm26, zmm27 }[r % 4];
                Dots(a, bits, form.Form, dots, done + (64 * r), zeros, corrections + (4 * r));
                a.vfmadd231ps(sums[r], dots, __dword_bcst[scales + (4 * r)]);
            });
            a.dec(blocks);
            a.jnz(sameGroup);
            ForRows(r => a.vfmadd213ps(sums[r], scale, __zmmword_ptr[outputs + (64 * r)]));
            FinishGroup();
            ForRows(r =>
            {
                a.vmovups(__[outputs + (64 * r)], sums[r]);
                a.vpxord(sums[r], sums[r], sums[r]);
            });
            a.mov(blocks, blocksPerGroup);
            a.cmp(steps, 1);
            a.je(sameGroup);
            QuantizedStreamKernel.LoadParameters(a, form, parameters, scale, zeros);
            a.Label(ref sameGroup);
        }

        a.add(scales, stepBlocks * 4 * Rows);
        a.add(corrections, stepBlocks * 4 * Rows);
        a.dec(steps);
        a.jnz(nextStep);
        a.mov(rax, Field(yField));
        a.test(rax, rax);
        a.jz(unrolled ? noY : panelDone);
        if (!unrolled)
        {
            ForRows(r => a.vmovups(sums[r], __[outputs + (64 * r)]));
        }

        // Panels done so far are 64 bytes each, of a row of Y and of the bias.
        a.mov(r9, Field(13));
        a.sub(r9, Field(panelsLeftField));
        a.shl(r9, 6);
        a.add(rax, r9);
        a.add(r9, Field(biasField));
        a.cmp(Field(biasField), 0);
        a.je(noBias);
        ForRows(r => a.vaddps(sums[r], sums[r], __[r9]));
        a.Label(ref noBias);
        a.mov(r9d, 0xFFFF);
        a.cmp(Field(panelsLeftField), 1);
        a.jne(wholePanel);
        a.mov(r9, Field(maskField));
        a.Label(ref wholePanel);
        a.kmovw(k1, r9d);
        a.mov(r10, Field(yStrideField));
        ForRows(r =>
        {
            a.vmovups(__[rax].k1, sums[r]);
            a.add(rax, r10);
        });
        if (unrolled)
        {
            a.jmp(panelDone);
            a.Label(ref noY);
            ForRows(r => a.vmovups(__[outputs + (64 * r)], sums[r]));
        }

        a.Label(ref panelDone);
        a.add(outputs, TileBytes);
        a.pop(parameters);
        a.pop(weights);
        a.add(weights, Field(10));
        a.add(parameters, Field(12));
        a.dec(Field(panelsLeftField));
        a.jnz(nextPanel);

        Walk(xField, 2);
        Walk(scalesField, 5);
        Walk(correctionsField, 5);
        Walk(groupSumsField, 7);
        a.mov(rax, Field(yField));
        a.test(rax, rax);
        a.jz(noRows);
        a.mov(rax, Field(yStrideField));
        a.shl(rax, 4);
        a.add(Field(yField), rax);
        a.Label(ref noRows);
        a.dec(Field(tilesField));
        a.jnz(nextTile);
        a.tilerelease();
        foreach (var register in saved.Reverse())
        {
            a.pop(register);
        }

        a.vzeroupper();
        a.ret();

        void FinishGroup()
        {
            if (form.Form == ZeroForm.Offsets)
            {
                ForRows(r => a.vfnmadd231ps(sums[r], zeros, __dword_bcst[groupSums + (4 * r)]));
                a.add(groupSums, 4 * Rows);
            }

            a.add(parameters, form.Bytes);
        }

        void Walk(int field, int step)
        {
            a.mov(rax, Field(step));
            a.add(Field(field), rax);
        }

        static void ForRows(Action<int> write)
        {
            for (var r = 0; r < Rows; r++)
            {
                write(r);
            }
        }
    }

    /// <summary>Some blocks' whole sums into memory; x and weights go on to the next.</summary>
    private static void Tiles(Assembler a, int bits, ZeroForm form, int blocks, int blockSize, AssemblerRegister64 x, AssemblerRegister64 weights, AssemblerRegister64 to)
    {
        for (var block = 0; block < blocks; block++)
        {
            AssemblerRegisterTMM sums = block % 2 == 0 ? tmm0 : tmm1, rows = block % 2 == 0 ? tmm4 : tmm5, columns = block % 2 == 0 ? tmm6 : tmm7;
            a.tilezero(sums);
            a.tileloadd(rows, __[x + RowStride + (block * blockSize * Rows)]);
            a.tileloadd(columns, __[weights + ColumnStride + (block * blockSize * QuantizedLinear.PanelWidth)]);

            // Nibbles were widened less their zero points; bytes are as they are stored.
            if (bits == 4 && form != ZeroForm.Offsets)
            {
                a.tdpbssd(sums, rows, columns);
            }
            else
            {
                a.tdpbsud(sums, rows, columns);
            }
        }

        for (var block = 0; block < blocks; block++)
        {
            a.tilestored(__[to + ColumnStride + (block * TileBytes)], block % 2 == 0 ? tmm0 : tmm1);
        }

        a.add(x, blocks * blockSize * Rows);
        a.add(weights, blocks * blockSize * QuantizedLinear.PanelWidth);
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
