using Octavo.LocalCluster.Node.Launch;

namespace Octavo.LocalCluster.Tests.Node.Launch;

public sealed class VariableExpansionTests
{
    private static readonly Dictionary<string, string> Variables = new() { ["A"] = "1", ["POD_IP"] = "127.1.0.1" };

    [Theory]
    [InlineData("$(POD_IP)", "127.1.0.1")]
    [InlineData("--host=$(POD_IP):$(A)", "--host=127.1.0.1:1")]
    [InlineData("$(MISSING)", "$(MISSING)")]
    [InlineData("$$(A)", "$(A)")]
    [InlineData("$$$(A)", "$1")]
    [InlineData("cost: 5$", "cost: 5$")]
    [InlineData("$A", "$A")]
    [InlineData("$(A", "$(A")]
    [InlineData("", "")]
    public void Expand_Text_FollowsKubernetesRules(string text, string expected) => VariableExpansion.Expand(text, Variables).Should().Be(expected);
}
