using Octavo.ServingRuntime.Fetch.Checkpoints;
using Octavo.ServingRuntime.Fetch.Sources;

namespace Octavo.ServingRuntime.Tests.Fetch.Checkpoints;

public sealed class CheckpointFilesTests
{
    [Theory]
    [InlineData("m.gguf", "m.gguf")]
    [InlineData("m-00001-of-00002.gguf m-00002-of-00002.gguf mmproj-m.gguf", "m-00001-of-00002.gguf")]
    [InlineData("a.gguf b.gguf", null)]
    [InlineData("m-best-of-a.gguf m-best-of-b.gguf", null)]
    [InlineData("m.gguf model.safetensors", null)]
    public void WithNamedWeights_OneGgufModel_IsMeant(string files, string? named) =>
        CheckpointFiles.WithNamedWeights(Listing(files)).NamedWeights.Should().Be(named);

    [Theory]
    [InlineData("m-00001-of-00002.gguf", "m-00001-of-00002.gguf m-00002-of-00002.gguf m-00001-of-00003.gguf", "m-00001-of-00002.gguf m-00002-of-00002.gguf")]
    [InlineData("q/m-00002-of-00002.gguf", "q/m-00001-of-00002.gguf q/m-00002-of-00002.gguf m-00001-of-00002.gguf", "q/m-00001-of-00002.gguf q/m-00002-of-00002.gguf")]
    [InlineData("m-best-of-a.gguf", "m-best-of-a.gguf m-tiny-of-a.gguf", "m-best-of-a.gguf")]
    public async Task Select_NamedGguf_BringsItsParts(string named, string files, string selected)
    {
        var (_, weights) = await CheckpointFiles.SelectAsync(Listing(files) with { NamedWeights = named }, "source", _ => throw new InvalidOperationException());
        string.Join(' ', weights.Select(file => file.Path)).Should().Be(selected);
    }

    private static SourceListing Listing(string files) => new(null, [.. files.Split(' ').Select(path => new SourceFile(path, 1))]);
}
