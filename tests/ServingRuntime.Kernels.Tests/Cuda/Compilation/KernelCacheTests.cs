using Octavo.ServingRuntime.Kernels.Cuda.Compilation;
using Octavo.TestSupport;

namespace Octavo.ServingRuntime.Kernels.Tests.Cuda.Compilation;

public sealed class KernelCacheTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("octavo-kernels").FullName;
    private readonly LogLines log = new();

    private string Folder => Path.Combine(root, "octavo", "cuda");

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Find_Kept_TheImage()
    {
        var cache = new KernelCache(Folder, log);
        cache.Find("a").Should().BeNull();
        cache.Keep("a", [1, 2, 3]);
        cache.Find("a").Should().Equal(1, 2, 3);
        Directory.EnumerateFiles(Folder).Should().ContainSingle("no temporary file stays behind");
        log.Lines.Should().BeEmpty();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(48)]
    [InlineData(50)]
    public void Find_CutOff_NothingAndALine(int length)
    {
        var cache = new KernelCache(Folder, log);
        cache.Keep("a", [1, 2, 3]);
        var file = Directory.EnumerateFiles(Folder).Single();
        File.WriteAllBytes(file, File.ReadAllBytes(file)[..length]);
        cache.Find("a").Should().BeNull();
        log.Lines.Should().ContainSingle().Which.Should().Be($"Warning {file} is damaged; the kernels are compiled again");
        cache.Keep("a", [4]);
        cache.Find("a").Should().Equal(4);
    }

    [Fact]
    public void Find_OneBitTurned_Nothing()
    {
        var cache = new KernelCache(Folder, log);
        cache.Keep("a", new byte[100]);
        var file = Directory.EnumerateFiles(Folder).Single();
        var bytes = File.ReadAllBytes(file);
        bytes[^30] ^= 4;
        File.WriteAllBytes(file, bytes);
        cache.Find("a").Should().BeNull();
    }

    [Fact]
    public void Keep_FolderCannotBeMade_OneLineAndNothingElse()
    {
        File.WriteAllText(Path.Combine(root, "octavo"), "a file where the folder should be");
        var cache = new KernelCache(Folder, log);
        cache.Keep("a", [1]);
        cache.Keep("b", [2]);
        cache.Find("a").Should().BeNull();
        log.Lines.Should().ContainSingle().Which.Should().StartWith($"Warning compiled kernels cannot be kept in {Folder} (").And.Contain("OCTAVO_CUDA_CACHE");
    }

    [Fact]
    public void Keep_NoFolder_NothingIsKept()
    {
        var cache = new KernelCache(null, log);
        cache.Keep("a", [1]);
        cache.Find("a").Should().BeNull();
        log.Lines.Should().BeEmpty();
    }

    [Fact]
    public void Key_AnyInputDiffers_AnotherKey()
    {
        var source = new KernelSource("rows.cu", "text", new Dictionary<string, string>(StringComparer.Ordinal) { ["a.cuh"] = "1", ["b.cuh"] = "2" });
        var architecture = new CudaArchitecture("sm_80");
        string[] keys =
        [
            KernelCache.Key(source, architecture, "NVRTC 12.4", ["-x"]),
            KernelCache.Key(source with { Text = "text " }, architecture, "NVRTC 12.4", ["-x"]),
            KernelCache.Key(source with { Name = "data.cu" }, architecture, "NVRTC 12.4", ["-x"]),
            KernelCache.Key(source with { Headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["a.cuh"] = "1", ["b.cuh"] = "3" } }, architecture, "NVRTC 12.4", ["-x"]),
            KernelCache.Key(source with { Headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["a.cuh"] = "12", ["b.cuh"] = "" } }, architecture, "NVRTC 12.4", ["-x"]),
            KernelCache.Key(source, new CudaArchitecture("sm_89"), "NVRTC 12.4", ["-x"]),
            KernelCache.Key(source, architecture, "NVRTC 12.6", ["-x"]),
            KernelCache.Key(source, architecture, "NVRTC 12.4", ["-y"]),
        ];
        keys.Should().OnlyHaveUniqueItems();
        keys[0].Should().StartWith("rows-sm_80-").And.Be(KernelCache.Key(source, architecture, "NVRTC 12.4", ["-x"]));
    }

    [Theory]
    [InlineData("/asked", "/variable", "/xdg", "/home", "/asked")]
    [InlineData(null, "/variable", "/xdg", "/home", "/variable")]
    [InlineData(null, null, "/xdg", "/home", "/xdg/octavo/cuda")]
    [InlineData(null, "", null, "/home", "/home/.cache/octavo/cuda")]
    [InlineData("", null, "", "", null)]
    [InlineData(null, null, "relative", null, null)]
    public void Choose_OptionThenVariables_Folder(string? option, string? variable, string? xdg, string? home, string? expected) =>
        KernelCacheFolder.Choose(option, name => name switch { "OCTAVO_CUDA_CACHE" => variable, "XDG_CACHE_HOME" => xdg, "HOME" => home, _ => null }).Should().Be(expected);
}
