using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Octavo.ServingRuntime.Kernels.Cpu.Assembly;

/// <summary>Vector instructions of 8 (AVX2) or 16 (AVX-512) lanes by the numbers of their registers, so that a kernel is written once for both.</summary>
internal sealed class VectorAssembler
{
    private static readonly AssemblerRegisterZMM[] Z =
    [
        zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7, zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15,
        zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23, zmm24, zmm25, zmm26, zmm27, zmm28, zmm29, zmm30, zmm31,
    ];

    private static readonly AssemblerRegisterYMM[] Y = [ymm0, ymm1, ymm2, ymm3, ymm4, ymm5, ymm6, ymm7, ymm8, ymm9, ymm10, ymm11, ymm12, ymm13, ymm14, ymm15];
    private readonly bool wide;
    private Label upperHalves;

    /// <param name="lanes">8 or 16.</param>
    public VectorAssembler(Assembler code, int lanes)
    {
        Code = code;
        Lanes = lanes;
        wide = lanes == 16;
        upperHalves = code.CreateLabel();
    }

    public Assembler Code { get; }

    public int Lanes { get; }

    /// <summary>Bytes of a vector.</summary>
    public int Bytes => Lanes * sizeof(float);

    public int Registers => wide ? 32 : 16;

    public void Clear(int to)
    {
        // Clearing by the short form clears the whole register; only the upper sixteen need the long one.
        if (to < 16)
        {
            Code.vxorps(Y[to], Y[to], Y[to]);
        }
        else
        {
            Code.vpxord(Z[to], Z[to], Z[to]);
        }
    }

    public void Load(int to, AssemblerMemoryOperand from)
    {
        if (wide)
        {
            Code.vmovups(Z[to], from);
        }
        else
        {
            Code.vmovups(Y[to], from);
        }
    }

    public void Store(AssemblerMemoryOperand to, int from)
    {
        if (wide)
        {
            Code.vmovups(to, Z[from]);
        }
        else
        {
            Code.vmovups(to, Y[from]);
        }
    }

    /// <summary>One float32, or one pair of bfloat16, into every lane.</summary>
    public void Broadcast(int to, AssemblerMemoryOperand from)
    {
        if (wide)
        {
            Code.vbroadcastss(Z[to], from);
        }
        else
        {
            Code.vbroadcastss(Y[to], from);
        }
    }

    /// <summary>sum += left * right, rounded once.</summary>
    public void MultiplyAdd(int sum, int left, int right)
    {
        if (wide)
        {
            Code.vfmadd231ps(Z[sum], Z[left], Z[right]);
        }
        else
        {
            Code.vfmadd231ps(Y[sum], Y[left], Y[right]);
        }
    }

    /// <summary>sum += the products of pairs of bfloat16. 16 lanes only.</summary>
    public void DotBFloat16(int sum, int left, int right) => Code.vdpbf16ps(Z[sum], Z[left], Z[right]);

    public void Add(int sum, AssemblerMemoryOperand right)
    {
        if (wide)
        {
            Code.vaddps(Z[sum], Z[sum], right);
        }
        else
        {
            Code.vaddps(Y[sum], Y[sum], right);
        }
    }

    /// <summary>As many float16 as there are lanes, widened.</summary>
    public void LoadFloat16(int to, AssemblerMemoryOperand from)
    {
        if (wide)
        {
            Code.vcvtph2ps(Z[to], from);
        }
        else
        {
            Code.vcvtph2ps(Y[to], from);
        }
    }

    /// <summary>The low halves of pairs of bfloat16, widened.</summary>
    public void LoadLowBFloat16(int to, AssemblerMemoryOperand from)
    {
        if (wide)
        {
            Code.vpslld(Z[to], from, 16);
        }
        else
        {
            Code.vmovdqu(Y[to], from);
            Code.vpslld(Y[to], Y[to], 16);
        }
    }

    /// <summary>The high halves of pairs of bfloat16, widened. <see cref="WriteConstants"/> has to follow the code.</summary>
    public void LoadHighBFloat16(int to, AssemblerMemoryOperand from)
    {
        if (wide)
        {
            Code.vmovdqu32(Z[to], from);
            Code.vpandd(Z[to], Z[to], __dword_bcst[upperHalves]);
        }
        else
        {
            Code.vmovdqu(Y[to], from);
            Code.vpand(Y[to], Y[to], __[upperHalves]);
        }
    }

    public void Return()
    {
        Code.vzeroupper();
        Code.ret();
    }

    /// <summary>What instructions read beside the code.</summary>
    public void WriteConstants()
    {
        Code.Label(ref upperHalves);
        for (var i = 0; i < Lanes; i++)
        {
            Code.dd(0xFFFF0000u);
        }
    }
}
