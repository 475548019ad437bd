using System.Text;
using Octavo.KubernetesClient.Models;
using Octavo.LocalCluster.Node.Volumes;

namespace Octavo.LocalCluster.Tests.Node.Volumes;

public sealed class VolumeFilesTests : IDisposable
{
    private static readonly Dictionary<string, byte[]> Data = new() { ["a"] = Encoding.UTF8.GetBytes("1"), ["b"] = Encoding.UTF8.GetBytes("2") };
    private readonly string folder = Directory.CreateTempSubdirectory("octavo-volume-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Select_Items_TakesThemUnderTheirPaths() =>
        VolumeFiles.Select("configmap c", Data, [new V1KeyToPath { Key = "b", Path = "sub/two" }], false).Keys.Should().Equal("sub/two");

    [Fact]
    public void Select_MissingKey_IsAnErrorUnlessOptional()
    {
        V1KeyToPath[] items = [new() { Key = "c", Path = "c" }];
        FluentActions.Invoking(() => VolumeFiles.Select("configmap c", Data, items, false)).Should().Throw<VolumeException>().WithMessage("configmap c references non-existent key: c");
        VolumeFiles.Select("configmap c", Data, items, true).Should().BeEmpty();
    }

    [Fact]
    public void Write_NestedPath_IsMadeAndReplaced()
    {
        VolumeFiles.Write(folder, new Dictionary<string, byte[]> { ["sub/two"] = Encoding.UTF8.GetBytes("old") });
        VolumeFiles.Write(folder, new Dictionary<string, byte[]> { ["sub/two"] = Encoding.UTF8.GetBytes("new") });
        File.ReadAllText(Path.Combine(folder, "sub", "two")).Should().Be("new");
    }

    [Theory]
    [InlineData("../out")]
    [InlineData("/etc/passwd")]
    public void Write_PathThatLeavesTheVolume_IsRefused(string path) =>
        FluentActions.Invoking(() => VolumeFiles.Write(folder, new Dictionary<string, byte[]> { [path] = [] })).Should().Throw<VolumeException>();
}
