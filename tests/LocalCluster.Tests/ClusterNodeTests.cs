namespace Octavo.LocalCluster.Tests;

public sealed class ClusterNodeTests
{
    [Fact]
    public void Parse_EverythingNamed_IsRead()
    {
        var node = ClusterNode.Parse("gpu-1,hollow,nvidia.com/gpu=8,cpu=32,label:zone=a,taint:nvidia.com/gpu=present:NoSchedule,taint:cold:NoExecute");
        (node.Name, node.IsHollow).Should().Be(("gpu-1", true));
        node.Resources.Should().Equal(new Dictionary<string, string> { ["nvidia.com/gpu"] = "8", ["cpu"] = "32" });
        node.Labels.Should().Equal(new Dictionary<string, string> { ["zone"] = "a" });
        node.Taints.Select(t => (t.Key, t.Value, t.Effect)).Should().Equal(("nvidia.com/gpu", "present", "NoSchedule"), ("cold", null, "NoExecute"));
    }

    [Theory]
    [InlineData("cpu=3")]
    [InlineData("a,b")]
    [InlineData("a,cpu=lots")]
    [InlineData("a,taint:k=v")]
    [InlineData("a,taint:k:Never")]
    [InlineData("a,label:k")]
    public void Parse_Malformed_SaysWhatIsWrong(string text) => FluentActions.Invoking(() => ClusterNode.Parse(text)).Should().Throw<FormatException>();
}
