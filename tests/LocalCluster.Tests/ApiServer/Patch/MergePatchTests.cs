using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Octavo.LocalCluster.ApiServer.Patch;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.Tests.ApiServer.Schema;

namespace Octavo.LocalCluster.Tests.ApiServer.Patch;

public sealed class MergePatchTests
{
    [Theory]
    [InlineData("""{"a":"b"}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"b","b":"c"}""", """{"a":null}""", """{"b":"c"}""")]
    [InlineData("""{"a":["b"]}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":{"b":"c"}}""", """{"a":{"b":"d","c":null}}""", """{"a":{"b":"d"}}""")]
    [InlineData("""{"a":"foo"}""", """{"a":{"b":null,"c":1}}""", """{"a":{"c":1}}""")]
    [InlineData("""{}""", """{"a":{"bb":{"ccc":null}}}""", """{"a":{"bb":{}}}""")]
    [InlineData("""{"e":[1]}""", """{"e":[null]}""", """{"e":[null]}""")]
    public void Apply_ExampleOfTheRfc_GivesItsResult(string target, string patch, string expected) =>
        MergePatch.Apply(Schemas.Parse(target), JsonNode.Parse(patch)).Print().Should().Be(expected);

    [Fact]
    public void Apply_NoObject_Is400()
    {
        var act = () => MergePatch.Apply([], new JsonArray());

        act.Should().Throw<PatchException>().Where(e => e.StatusCode == 400);
    }

    [Fact]
    public void Apply_DifferenceOfTwoDocuments_GivesTheSecond() => Check.One(Config.QuickThrowOnFailure.WithReplay(1, 3), Prop.ForAll(
        Gen.Choose(0, 1_000_000).Two().ToArbitrary(),
        pair =>
        {
            var (from, to) = (RandomJson.Object(pair.Item1), RandomJson.Object(pair.Item2));
            return MergePatch.Apply(from, Difference(from, to)).SameAs(to);
        }));

    private static JsonObject Difference(JsonObject from, JsonObject to)
    {
        var patch = new JsonObject();
        foreach (var (name, value) in to)
        {
            if (from[name] is JsonObject old && value is JsonObject now)
            {
                patch[name] = Difference(old, now);
            }
            else if (!value.SameAs(from[name]))
            {
                patch[name] = value?.DeepClone();
            }
        }

        foreach (var (name, _) in from.Where(p => !to.ContainsKey(p.Key)))
        {
            patch[name] = null;
        }

        return patch;
    }
}
