using Octavo.KubernetesClient.Models;
using Octavo.ControllerRuntime.Scheduling;

namespace Octavo.ControllerRuntime.Tests.Scheduling;

public sealed class SelectorMatchTests
{
    private static readonly IReadOnlyDictionary<string, string> Labels = new Dictionary<string, string> { ["app"] = "web", ["n"] = "5" };

    [Theory]
    [InlineData("app", "In", "web,db", true)]
    [InlineData("app", "In", "db", false)]
    [InlineData("app", "NotIn", "db", true)]
    [InlineData("other", "NotIn", "db", true)]
    [InlineData("other", "Exists", "", false)]
    [InlineData("other", "DoesNotExist", "", true)]
    [InlineData("n", "Gt", "4", true)]
    [InlineData("n", "Lt", "4", false)]
    [InlineData("app", "Gt", "4", false)]
    [InlineData("app", "Nonsense", "web", false)]
    public void Matches_Requirement_FollowsItsOperator(string key, string @operator, string values, bool expected) =>
        SelectorMatch.Matches(key, @operator, values.Split(','), Labels).Should().Be(expected);

    [Fact]
    public void Matches_AbsentSelector_MatchesNothing() => SelectorMatch.Matches((V1LabelSelector?)null, Labels).Should().BeFalse();

    [Fact]
    public void Matches_EmptySelector_MatchesEverything() => SelectorMatch.Matches(new V1LabelSelector(), null).Should().BeTrue();
}
