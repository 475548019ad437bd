using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Octavo.ServingRuntime.Kernels.Cpu;

/// <summary>What this processor has, and what each set means for a kernel.</summary>
public static class CpuInstructionSets
{
    private const int AmxBFloat16Bit = 22, AmxTileBit = 24, AmxInt8Bit = 25, Avx512VnniBit = 11, Avx512BFloat16Bit = 5;

    // Linux hands out the tiles' registers only to processes that ask: arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA), for all threads and once.
    private const long ArchPrctl = 158, RequestPermission = 0x1023, TileData = 18;

    /// <summary>The fastest that the processor and the system run in hardware; asks the system for tiles where there are any.</summary>
    public static CpuInstructionSet Best => Choose([.. Enum.GetValues<CpuInstructionSet>().Where(IsSupported)], IsIntel);

    /// <summary>What <see cref="TryParse"/> takes.</summary>
    public static IReadOnlyList<string> Names { get; } = ["auto", .. Enum.GetValues<CpuInstructionSet>().Select(Name)];

    /// <summary>Whether kernels of this set run here in hardware.</summary>
    public static bool IsSupported(this CpuInstructionSet instructions) => instructions switch
    {
        CpuInstructionSet.Vector128 => true,
        CpuInstructionSet.Avx2 => Vector256.IsHardwareAccelerated && Fma.IsSupported,
        CpuInstructionSet.AvxVnni => IsSupported(CpuInstructionSet.Avx2) && AvxVnni.IsSupported,
        CpuInstructionSet.Avx512 => Vector512.IsHardwareAccelerated && Avx512F.VL.IsSupported && Avx512BW.VL.IsSupported && Avx512DQ.IsSupported,
        CpuInstructionSet.Avx512Vnni => IsSupported(CpuInstructionSet.Avx512) && Bit(X86Base.CpuId(7, 0).Ecx, Avx512VnniBit),
        CpuInstructionSet.Avx512BFloat16 => IsSupported(CpuInstructionSet.Avx512Vnni) && Bit(X86Base.CpuId(7, 1).Eax, Avx512BFloat16Bit),
        CpuInstructionSet.Amx => IsSupported(CpuInstructionSet.Avx512BFloat16) && HasTiles(X86Base.CpuId(7, 0).Edx),
        _ => throw new ArgumentOutOfRangeException(nameof(instructions), instructions, "no such instruction set"),
    };

    /// <summary>As flags and logs name it.</summary>
    public static string Name(this CpuInstructionSet instructions) => instructions switch
    {
        CpuInstructionSet.Vector128 => "vector128",
        CpuInstructionSet.Avx2 => "avx2",
        CpuInstructionSet.AvxVnni => "avx-vnni",
        CpuInstructionSet.Avx512 => "avx512",
        CpuInstructionSet.Avx512Vnni => "avx512-vnni",
        CpuInstructionSet.Avx512BFloat16 => "avx512-bf16",
        CpuInstructionSet.Amx => "amx",
        _ => throw new ArgumentOutOfRangeException(nameof(instructions), instructions, "no such instruction set"),
    };

    /// <summary>A set by its name; "auto": the best that the processor has.</summary>
    /// <param name="fault">No such name, or this processor does not have it: then what it has.</param>
    public static bool TryParse(string name, out CpuInstructionSet instructions, [NotNullWhen(false)] out string? fault)
    {
        instructions = default;
        fault = null;
        if (name == "auto")
        {
            instructions = Best;
        }
        else if (!Names.Contains(name, StringComparer.Ordinal))
        {
            fault = $"'{name}' is none of {string.Join(", ", Names)}";
        }
        else
        {
            instructions = Enum.GetValues<CpuInstructionSet>().First(set => set.Name() == name);
            fault = instructions.IsSupported() ? null : $"this processor or its system does not have {name}; it has {string.Join(", ", Enum.GetValues<CpuInstructionSet>().Where(IsSupported).Select(Name))}";
        }

        return fault is null;
    }

    /// <summary>The best set of which every kernel can be written in .NET's own vectors: what is left where assembled kernels cannot run.</summary>
    internal static CpuInstructionSet WithoutAssembly(this CpuInstructionSet instructions) =>
        instructions > CpuInstructionSet.Avx512 ? CpuInstructionSet.Avx512 : instructions;

    /// <summary>float32 elements of a vector.</summary>
    public static int Lanes(this CpuInstructionSet instructions) =>
        instructions >= CpuInstructionSet.Avx512 ? 16 : instructions >= CpuInstructionSet.Avx2 ? 8 : 4;

    /// <summary>Dot products of unsigned with signed bytes, four at a time, into 32-bit sums (vpdpbusd).</summary>
    public static bool HasInt8Products(this CpuInstructionSet instructions) =>
        instructions is CpuInstructionSet.AvxVnni or >= CpuInstructionSet.Avx512Vnni;

    /// <summary>Dot products of pairs of bfloat16 into float32 sums (vdpbf16ps).</summary>
    public static bool HasBFloat16Products(this CpuInstructionSet instructions) => instructions >= CpuInstructionSet.Avx512BFloat16;

    /// <summary>Products of tiles (tdpbf16ps, tdpbusd and its kin).</summary>
    public static bool HasTiles(this CpuInstructionSet instructions) => instructions >= CpuInstructionSet.Amx;

    /// <summary>
    /// The last, but for Intel's vdpbf16ps: one starts in two cycles where two multiply-adds of float32 start in each, so that the same product takes twice as long
    /// (69 against 138 GFLOP/s, Sapphire Rapids). It is wanted only where it is asked for by name; AMD's is twice as fast as float32.
    /// </summary>
    internal static CpuInstructionSet Choose(IReadOnlyList<CpuInstructionSet> supported, bool intel) =>
        supported.Last(set => !intel || set != CpuInstructionSet.Avx512BFloat16);

    private static bool IsIntel
    {
        get
        {
            if (!X86Base.IsSupported)
            {
                return false;
            }

            // "GenuineIntel".
            var (_, first, third, second) = X86Base.CpuId(0, 0);
            return (first, second, third) == (0x756E6547, 0x49656E69, 0x6C65746E);
        }
    }

    private static bool HasTiles(int features) =>
        Bit(features, AmxBFloat16Bit) && Bit(features, AmxTileBit) && Bit(features, AmxInt8Bit)
        && OperatingSystem.IsLinux() && SystemCall(ArchPrctl, RequestPermission, TileData) == 0;

    private static bool Bit(int word, int bit) => ((word >> bit) & 1) != 0;

    [DllImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static extern long SystemCall(long number, long operation, long feature);
}
