using Octavo.LocalCluster.Node.Launch;

namespace Octavo.LocalCluster.Tests.Node.Launch;

public sealed class PathMapTests
{
    private static readonly PathMap Map = new(new Dictionary<string, string> { ["/models"] = "/srv/models", ["/models/cache/"] = "/var/cache/", ["/dev/termination-log"] = "/tmp/t" });

    [Theory]
    [InlineData("/models", "/srv/models")]
    [InlineData("/models/octavo-tiny", "/srv/models/octavo-tiny")]
    [InlineData("/models/cache/x", "/var/cache/x")]
    [InlineData("/modelsX", "/modelsX")]
    [InlineData("/etc/passwd", "/etc/passwd")]
    [InlineData("--model=/models/a", "--model=/srv/models/a")]
    [InlineData("file:///models/a", "file:///srv/models/a")]
    [InlineData("--uri=file:///models/a", "--uri=file:///srv/models/a")]
    [InlineData("KEY=/models/a", "KEY=/models/a")]
    [InlineData("see /models/a", "see /models/a")]
    public void Rewrite_Value_ReplacesContainerPaths(string value, string expected) => Map.Rewrite(value).Should().Be(expected);

    [Fact]
    public void With_SamePathAgain_TheLaterWins() =>
        Map.With([KeyValuePair.Create("/models/", "/other")]).Rewrite("/models/a").Should().Be("/other/a");
}
