using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using Octavo.ServingRuntime.Kernels.Cuda.Compilation;
using Octavo.ServingRuntime.Kernels.Cuda.Native;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Compilation;

/// <summary>The real compiler over the real sources, without a GPU or a driver (`make nvrtc` fetches it).</summary>
public sealed class NvrtcTests
{
    /// <summary>Registers that a kernel may use on any architecture; those that are not named: <see cref="Plain"/>. None may spill.</summary>
    private static readonly Dictionary<string, int> Budget = new(StringComparer.Ordinal)
    {
        ["octavo_rms_norm_f32_f32"] = 48,
        ["octavo_rms_norm_f32_bf16"] = 64,
        ["octavo_rms_norm_f32_f16"] = 64,
        ["octavo_rms_norm_bf16_bf16"] = 64,
        ["octavo_rms_norm_f16_f16"] = 64,
        ["octavo_arg_max"] = 56,
        ["octavo_rotate_store_f32"] = 72,
        ["octavo_sample"] = 64,
        ["octavo_rotate_store_bf16"] = 72,
        ["octavo_rotate_store_f16"] = 72,
        ["octavo_quantized_rows_8_4_bf16"] = 96,
        ["octavo_quantized_rows_8_8_bf16"] = 96,
        ["octavo_quantized_rows_8_4_f16"] = 96,
        ["octavo_quantized_rows_8_8_f16"] = 96,
        ["octavo_quantized_rows_16_4_bf16"] = 128,
        ["octavo_quantized_rows_16_8_bf16"] = 128,
        ["octavo_quantized_rows_16_4_f16"] = 128,
        ["octavo_quantized_rows_16_8_f16"] = 128,
        ["octavo_tiles_16_4_bf16"] = 85,
        ["octavo_tiles_16_8_bf16"] = 85,
        ["octavo_tiles_16_4_f16"] = 85,
        ["octavo_tiles_16_8_f16"] = 85,
        ["octavo_tiles_64_4_bf16"] = 168,
        ["octavo_tiles_64_8_bf16"] = 168,
        ["octavo_tiles_64_4_f16"] = 168,
        ["octavo_tiles_64_8_f16"] = 168,
        ["octavo_quantized_widen_8_bf16"] = 48,
        ["octavo_quantized_widen_8_f16"] = 48,
        ["octavo_tiles_16_dense_bf16"] = 85,
        ["octavo_tiles_16_dense_f16"] = 85,
        ["octavo_tiles_64_dense_bf16"] = 128,
        ["octavo_tiles_64_dense_f16"] = 128,
        ["octavo_exact_4"] = 80,
        ["octavo_exact_8"] = 80,
        ["octavo_exact_dense"] = 80,
    };

    /// <summary>The same for all whose names begin so.</summary>
    private static readonly (string Prefix, int Registers)[] Families =
    [
        // Decoding: three blocks of 128 threads on a multiprocessor, 168 each; two with heads of 256.
        ("octavo_attention_decode_bf16_256", 255), ("octavo_attention_decode_f16_256", 255), ("octavo_attention_decode_i8_256", 255), ("octavo_attention_decode_f8_256", 255),
        ("octavo_attention_decode_", 168), ("octavo_attention_prefill_", 255), ("octavo_attention_wgmma_", 168), ("octavo_attention_", 120),
    ];

    private const int Plain = 40;

    private static readonly Lazy<Nvrtc?> Compiler = new(Find);
    private static readonly Lazy<KernelUsageRecord> Record = new(KernelUsageRecord.Read);

    public static TheoryData<string> Sources => new(KernelSource.Names);

    /// <summary>A source takes a second or two for each architecture: each is compiled for one, in turn, so that those of one family meet all of them. The others are in the record.</summary>
    [SkippableTheory]
    [MemberData(nameof(Sources))]
    public void Compile_EverySource_WithinItsBudgetAndAsRecorded(string source)
    {
        var compiler = Real();
        var architectures = KernelUsageRecord.Architectures(source);
        var architecture = architectures[KernelSource.Names.TakeWhile(name => name != source).Count() % architectures.Count];
        var usage = Compile(compiler, source, architecture);
        Check(source, architecture, usage);
        if (Record.Value.Version == compiler.Version.ToString())
        {
            usage.Should().BeEquivalentTo(Record.Value.Sources[source].Kernels[architecture], "`make nvrtc-usage` writes the record anew");
        }
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void Record_EverySourceForEveryArchitecture_OfThisTextAndWithinItsBudget(string source)
    {
        Record.Value.Sources.Should().ContainKey(source, "`make nvrtc-usage` compiles every source for every architecture and writes the record anew");
        var (digest, kernels) = Record.Value.Sources[source];
        digest.Should().Be(KernelUsageRecord.DigestOf(KernelSource.Read(source)), "the source or a header of it has changed: `make nvrtc-usage`");
        kernels.Keys.Should().Equal(KernelUsageRecord.Architectures(source));
        foreach (var (architecture, usage) in kernels)
        {
            Check(source, architecture, usage);
        }
    }

    [SkippableFact]
    public void Record_WhereAskedFor_IsWritten()
    {
        Skip.If(Environment.GetEnvironmentVariable("OCTAVO_NVRTC_RECORD") != "1", "`make nvrtc-usage` writes it");
        var compiler = Real();
        KernelUsageRecord.Write(compiler.Version, (source, architecture) => Compile(compiler, source, architecture));
    }

    [SkippableFact]
    public void Compile_ForAVirtualArchitecture_Ptx()
    {
        var compiled = Real().Compile(KernelSource.Read("vocabulary.cu"), new CudaArchitecture("compute_80"));
        var text = System.Text.Encoding.UTF8.GetString(compiled.Image);
        text.Should().Contain(".target sm_80").And.Contain(".visible .entry octavo_arg_max");
    }

    [SkippableFact]
    public void Compile_ProductsOfWarpgroups_ForNoOtherDevice()
    {
        var compiler = Real();
        var compile = () => compiler.Compile(KernelSource.Read("attention_wgmma_f16_64.cu"), new CudaArchitecture("sm_90"));
        compile.Should().Throw<KernelCompilationException>().WithMessage("*wgmma*sm_90*");
    }

    [SkippableFact]
    public void Compile_BrokenSource_ErrorWithTheCompilersWords()
    {
        var compiler = Real();
        var compile = () => compiler.Compile(new KernelSource("broken.cu", "#include \"device.cuh\"\nOCTAVO_KERNEL(k, 32, (int x)) { return y; }", KernelSource.Read("rows.cu").Headers), new CudaArchitecture("sm_80"));
        compile.Should().Throw<KernelCompilationException>().WithMessage("broken.cu*\"y\" is undefined*");
    }

    [SkippableFact]
    public void Properties_OfTheRealCompiler_VersionAndArchitectures()
    {
        var compiler = Real();
        compiler.Version.CompareTo(CudaVersion.Least).Should().BeGreaterThanOrEqualTo(0);
        compiler.Architectures.Should().Contain([80, 89, 90]);
    }

    private static int BudgetOf(string kernel) =>
        Budget.TryGetValue(kernel, out var own) ? own : Families.Where(family => kernel.StartsWith(family.Prefix, StringComparison.Ordinal)).Select(family => family.Registers).FirstOrDefault(Plain);

    private static IReadOnlyList<KernelUsage> Compile(Nvrtc compiler, string source, string architecture)
    {
        var compiled = compiler.Compile(KernelSource.Read(source), new CudaArchitecture(architecture));
        compiled.Image.AsSpan(0, 4).ToArray().Should().Equal([0x7F, (byte)'E', (byte)'L', (byte)'F'], $"{architecture} is machine code");
        compiled.Log.Should().NotContain("warning", $"{source} for {architecture}");
        compiled.Log.Should().NotContain("Potential Performance Loss", "products of warpgroups are to run on their own");
        return compiled.Usage;
    }

    private static void Check(string source, string architecture, IReadOnlyList<KernelUsage> usage)
    {
        usage.Should().NotBeEmpty();
        foreach (var kernel in usage)
        {
            kernel.SpillBytes.Should().Be(0, $"{kernel.Kernel} on {architecture}");
            kernel.Registers.Should().BeLessThanOrEqualTo(BudgetOf(kernel.Kernel), $"that is what {kernel.Kernel} may use on {architecture}");
            if (source.StartsWith("attention_wgmma", StringComparison.Ordinal))
            {
                kernel.Registers.Should().Be(168, "WarpgroupSizes gives warps more out of what others give back: with fewer at the launch they would wait for ever");
            }
        }
    }

    private static Nvrtc Real()
    {
        Skip.If(Compiler.Value is null, "there is no NVRTC; `make nvrtc` fetches Debian's");
        return Compiler.Value!;
    }

    private static Nvrtc? Find()
    {
        var fetched = Path.Combine(Repository.Root, ".tools", "nvrtc", "usr", "lib", "x86_64-linux-gnu");
        var search = new CudaLibrarySearch(name => name == CudaLibrarySearch.Variable ? fetched : Environment.GetEnvironmentVariable(name));
        try
        {
            return new Nvrtc(new CudaLibraryLoader(search, NullLogger.Instance, NativeLibrary.Load).Load(CudaLibrary.Nvrtc));
        }
        catch (CudaLibraryMissingException)
        {
            // The tests skip, and say so.
            return null;
        }
    }
}
