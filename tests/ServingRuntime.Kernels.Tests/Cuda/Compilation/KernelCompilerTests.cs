using Octavo.ServingRuntime.Kernels.Cuda.Compilation;
using Octavo.ServingRuntime.Kernels.Cuda.Device;
using Octavo.ServingRuntime.Kernels.Cuda.Native;
using Octavo.TestSupport;
using Octavo.TestSupport.Cuda;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Compilation;

/// <summary>The compiler with its cache, over the fake NVRTC and the fake driver.</summary>
[Collection(CudaCollection.Name)]
public sealed class KernelCompilerTests(CudaLibraries libraries) : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("octavo-kernels").FullName;
    private readonly LogLines log = new();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [SkippableFact]
    public void Image_SecondStart_ComesFromTheCache()
    {
        Fake();
        using var device = Open();
        var first = Compiler(device).Image(KernelSource.Read("rows.cu"));
        log.Lines.Should().ContainSingle().Which.Should().StartWith("Information rows.cu compiled for sm_90a in ");
        var second = Compiler(device).Image(KernelSource.Read("rows.cu"));
        second.Should().Equal(first);
        log.Lines.Should().ContainSingle("nothing was compiled again");
    }

    [SkippableFact]
    public void Image_DamagedCacheFile_IsCompiledAgain()
    {
        Fake();
        using var device = Open();
        var first = Compiler(device).Image(KernelSource.Read("rows.cu"));
        File.WriteAllText(Directory.EnumerateFiles(folder).Single(), "damaged");
        Compiler(device).Image(KernelSource.Read("rows.cu")).Should().Equal(first);
        log.Lines.Should().HaveCount(3);
        log.Lines[1].Should().Contain("is damaged");
        Compiler(device).Image(KernelSource.Read("rows.cu"));
        log.Lines.Should().HaveCount(3, "the file was replaced");
    }

    [SkippableFact]
    public void Image_DoesNotCompile_TheCompilersWordsAndNothingKept()
    {
        Fake();
        using var device = Open();
        var compile = () => Compiler(device).Image(new KernelSource("bad.cu", "#error", new Dictionary<string, string>(StringComparer.Ordinal)));
        compile.Should().Throw<KernelCompilationException>().WithMessage("bad.cu: nvrtcCompileProgram: NVRTC_ERROR_COMPILATION\nbad.cu(1): error: #error as the test wants").Which.Log.Should().Contain("bad.cu(1)");
        Directory.EnumerateFiles(folder).Should().BeEmpty();
    }

    /// <summary>A device newer than the compiler gets PTX, which the driver compiles, if it knows the version.</summary>
    [SkippableFact]
    public void Image_DeviceThatTheCompilerDoesNotKnow_Ptx()
    {
        Fake().Become(major: 10);
        using var device = Open();
        var compiler = Compiler(device);
        compiler.Architecture.Option.Should().Be("compute_90");
        using var module = device.LoadModule(compiler.Image(KernelSource.Read("rows.cu")), "rows.cu");
        module.Kernel("octavo_rms_norm_f32_f32").MaxThreads.Should().Be(256);
    }

    [SkippableTheory]
    [InlineData(12000, 9, null)]
    [InlineData(12000, 10, "the driver supports CUDA 12.0, and what NVRTC 12.4 makes needs 12.4: *")]
    [InlineData(12040, 10, null)]
    public void Create_DriverOlderThanTheCompiler_OnlyPtxNeedsItsVersion(int driver, int major, string? message)
    {
        Fake().Become(driverVersion: driver, major: major);
        using var device = Open();
        var create = () => Compiler(device);
        if (message is null)
        {
            create.Should().NotThrow();
        }
        else
        {
            create.Should().Throw<CudaDriverTooOldException>().WithMessage(message);
        }
    }

    [SkippableFact]
    public void Launch_CompiledKernel_ThroughCompilerModuleAndDriver()
    {
        Fake();
        using var device = Open();
        using var library = new KernelLibrary(device, name => Compiler(device).Image(KernelSource.Read(name)));
        library["rows.cu", "octavo_rms_norm_f32_f32"].Should().BeSameAs(library["rows.cu", "octavo_rms_norm_f32_f32"]);
        library["rows.cu", "octavo_rms_norm_bf16_bf16"].Name.Should().Be("octavo_rms_norm_bf16_bf16");
        libraries.Fake!.Calls.Count(call => call == "cuModuleLoadDataEx").Should().Be(1, "a source is loaded once");
    }

    [SkippableFact]
    public void LoadAll_OneDoesNotCompile_ThatOnesErrorAndNoModule()
    {
        Fake();
        using var device = Open();
        using var library = new KernelLibrary(device, name => name == "data.cu" ? throw new KernelCompilationException(name, "it is broken", "") : Compiler(device).Image(KernelSource.Read(name)));
        var load = () => library.LoadAll(KernelSource.Names);
        load.Should().Throw<KernelCompilationException>().WithMessage("data.cu: it is broken");
        libraries.Fake!.Calls.Should().NotContain("cuModuleLoadDataEx");
    }

    [Fact]
    public void Names_OfThisAssembly_EveryIncludeIsThere()
    {
        KernelSource.Names.Should().NotBeEmpty();
        foreach (var source in KernelSource.Names.Select(KernelSource.Read))
        {
            foreach (System.Text.RegularExpressions.Match include in System.Text.RegularExpressions.Regex.Matches(source.Text, "#include \"([^\"]+)\"", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)))
            {
                source.Headers.Should().ContainKey(include.Groups[1].Value, $"{source.Name} includes it");
            }
        }
    }

    private KernelCompiler Compiler(CudaDevice device) => new(libraries.Nvrtc, device, new KernelCache(folder, log), log);

    private CudaDevice Open() => CudaDevice.Open(new CudaDriver(libraries.Driver), 0);

    private FakeDriver Fake()
    {
        Skip.If(libraries.IsReal, "versions are those of the fakes");
        Skip.If(libraries.WhyNot is not null, libraries.WhyNot);
        libraries.Fake!.Reset();
        return libraries.Fake;
    }
}
