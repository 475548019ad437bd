using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Selectors;

namespace Octavo.LocalCluster.Tests.ApiServer.Selectors;

public sealed class LabelSelectorTests
{
    private static readonly JsonObject Labels = new() { ["env"] = "dev", ["tier"] = "2" };

    [Theory]
    [InlineData("env=dev", true)]
    [InlineData("env==dev,tier", true)]
    [InlineData("env!=dev", false)]
    [InlineData("absent!=x", true)]
    [InlineData("env in (dev, qa)", true)]
    [InlineData("absent notin (x)", true)]
    [InlineData("!env", false)]
    [InlineData("tier>1", true)]
    [InlineData("tier<2", false)]
    public void Matches_Selector_FollowsKubernetes(string selector, bool expected) =>
        LabelSelector.Parse(selector).MatchesLabels(Labels).Should().Be(expected);

    [Theory]
    [InlineData("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt")]
    [InlineData("env in dev", "unable to parse requirement: found 'dev' expected: '('")]
    [InlineData("a=b=c", "found '=', expected: ',' or 'end of string'")]
    public void Parse_BadSelector_SaysWhatTheRealParserSays(string selector, string message) =>
        FluentActions.Invoking(() => LabelSelector.Parse(selector)).Should().Throw<FormatException>().WithMessage(message);
}
