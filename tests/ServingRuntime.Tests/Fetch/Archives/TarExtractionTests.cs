using System.Formats.Tar;
using Octavo.ServingContract;
using Octavo.ServingRuntime.Fetch;
using Octavo.ServingRuntime.Fetch.Archives;

namespace Octavo.ServingRuntime.Tests.Fetch.Archives;

/// <summary>Archives that mean harm.</summary>
public sealed class TarExtractionTests : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("octavo-tar-");

    private string Target => Path.Combine(root.FullName, "target");

    public void Dispose() => root.Delete(recursive: true);

    [Theory]
    [InlineData("../config.json")]
    [InlineData("a/../../config.json")]
    [InlineData("/tmp/config.json")]
    [InlineData("..\\config.json")]
    [InlineData(".octavo-complete/config.json")]
    public async Task Extract_PathLeadsOut_IsRefused(string name)
    {
        (await ExtractAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream([1]) }))!.Code.Should().Be(FetchExitCode.InvalidModel);
        Directory.GetFiles(root.FullName, "config.json", SearchOption.AllDirectories).Should().BeEmpty();
    }

    [Theory]
    [InlineData(TarEntryType.SymbolicLink)]
    [InlineData(TarEntryType.HardLink)]
    public async Task Extract_Link_IsRefused(TarEntryType type) =>
        (await ExtractAsync(new PaxTarEntry(type, "model.safetensors") { LinkName = "/etc/passwd" }))!.Message.Should().Contain("only regular files");

    [Fact]
    public async Task Extract_FileThroughALinkedFolder_StaysInside()
    {
        // The link is no file of a model and is passed over, so the folder is a folder.
        var failure = await ExtractAsync(
            new PaxTarEntry(TarEntryType.SymbolicLink, "models") { LinkName = root.FullName },
            new PaxTarEntry(TarEntryType.RegularFile, "models/config.json") { DataStream = new MemoryStream([1]) });

        failure.Should().BeNull();
        File.Exists(Path.Combine(root.FullName, "config.json")).Should().BeFalse();
        File.Exists(Path.Combine(Target, "models", "config.json")).Should().BeTrue();
    }

    [Fact]
    public async Task Extract_EntryDoesNotFit_IsNoSpace() =>
        (await ExtractAsync(1000, new PaxTarEntry(TarEntryType.RegularFile, "model.safetensors") { DataStream = new MemoryStream(new byte[2000]) }))!.Code.Should().Be(FetchExitCode.NoSpace);

    [Fact]
    public async Task Extract_Whiteout_CannotReachOut()
    {
        var outside = Path.Combine(root.FullName, "config.json");
        await File.WriteAllTextAsync(outside, "mine");

        await ExtractAsync(new PaxTarEntry(TarEntryType.RegularFile, "a/.wh...") { DataStream = Stream.Null }, new PaxTarEntry(TarEntryType.RegularFile, "../.wh.config.json") { DataStream = Stream.Null });

        File.Exists(outside).Should().BeTrue();
    }

    [Theory]
    [InlineData(new byte[] { 0x1f, 0x8b, 8, 0, 1, 2, 3 })]
    [InlineData(new byte[] { 0x28, 0xb5, 0x2f, 0xfd, 0 })]
    public async Task Extract_NoArchive_SaysSo(byte[] content)
    {
        var archive = Path.Combine(root.FullName, "a");
        await File.WriteAllBytesAsync(archive, content);

        var extract = () => TarExtraction.ExtractAsync(archive, root.FullName, "layer", _ => long.MaxValue, CancellationToken.None);

        (await extract.Should().ThrowAsync<FetchException>()).Which.Message.Should().Contain("layer");
    }

    private Task<FetchException?> ExtractAsync(params TarEntry[] entries) => ExtractAsync(1L << 40, entries);

    private async Task<FetchException?> ExtractAsync(long free, params TarEntry[] entries)
    {
        var archive = Path.Combine(root.FullName, "archive.tar");
        Directory.CreateDirectory(Target);
        await using (var writer = new TarWriter(File.Create(archive)))
        {
            foreach (var entry in entries)
            {
                await writer.WriteEntryAsync(entry);
            }
        }

        try
        {
            await TarExtraction.ExtractAsync(archive, Target, "archive.tar", _ => free, CancellationToken.None);
            return null;
        }
        catch (FetchException e)
        {
            return e;
        }
    }
}
