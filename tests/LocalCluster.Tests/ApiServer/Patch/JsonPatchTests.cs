using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Patch;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.Tests.ApiServer.Schema;

namespace Octavo.LocalCluster.Tests.ApiServer.Patch;

public sealed class JsonPatchTests
{
    [Theory]
    [InlineData("""[{"op":"add","path":"/b","value":2}]""", """{"a":{"x/y":1},"b":2,"l":[1,2,3]}""")]
    [InlineData("""[{"op":"replace","path":"/none","value":2}]""", """{"a":{"x/y":1},"l":[1,2,3],"none":2}""")]
    [InlineData("""[{"op":"remove","path":"/a/x~1y"}]""", """{"a":{},"l":[1,2,3]}""")]
    [InlineData("""[{"op":"add","path":"/l/1","value":9}]""", """{"a":{"x/y":1},"l":[1,9,2,3]}""")]
    [InlineData("""[{"op":"add","path":"/l/-","value":9}]""", """{"a":{"x/y":1},"l":[1,2,3,9]}""")]
    [InlineData("""[{"op":"remove","path":"/l/-1"}]""", """{"a":{"x/y":1},"l":[1,2]}""")]
    [InlineData("""[{"op":"move","from":"/l/0","path":"/l/-"}]""", """{"a":{"x/y":1},"l":[2,3,1]}""")]
    [InlineData("""[{"op":"copy","from":"/a","path":"/c"}]""", """{"a":{"x/y":1},"c":{"x/y":1},"l":[1,2,3]}""")]
    [InlineData("""[{"op":"test","path":"/l","value":[1,2,3]},{"op":"test","path":"/zz","value":null}]""", """{"a":{"x/y":1},"l":[1,2,3]}""")]
    public void Apply_Operation_ChangesTheDocument(string patch, string expected)
    {
        var target = Schemas.Parse("""{"a":{"x/y":1},"l":[1,2,3]}""");

        JsonPatch.Apply(target, JsonNode.Parse(patch)).Print().Should().Be(expected);

        target.Print().Should().Be("""{"a":{"x/y":1},"l":[1,2,3]}""", "the target is left alone");
    }

    [Theory]
    [InlineData("""[{"op":"test","path":"/a","value":1}]""")]
    [InlineData("""[{"op":"remove","path":"/none"}]""")]
    [InlineData("""[{"op":"add","path":"/none/deep","value":1}]""")]
    [InlineData("""[{"op":"add","path":"/l/7","value":1}]""")]
    [InlineData("""[{"op":"frobnicate","path":"/a"}]""")]
    [InlineData("""[{"op":"add","path":"a","value":1}]""")]
    [InlineData("""[{"op":"replace","path":"","value":1}]""")]
    public void Apply_FailingOperation_IsThe422WithoutWords(string patch)
    {
        var act = () => JsonPatch.Apply(Schemas.Parse("""{"a":{},"l":[]}"""), JsonNode.Parse(patch));

        act.Should().Throw<PatchException>().Where(e => e.StatusCode == 422 && e.HasEmptyDetails).WithMessage("the server rejected our request due to an error in our request");
    }

    [Fact]
    public void Apply_NoArray_Is400()
    {
        var act = () => JsonPatch.Apply([], JsonNode.Parse("""{"op":"remove"}"""));

        act.Should().Throw<PatchException>().Where(e => e.StatusCode == 400).WithMessage("error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp");
    }

    [Fact]
    public void Apply_TooManyOperations_Is413()
    {
        var patch = new JsonArray(Enumerable.Range(0, 10001).Select(_ => (JsonNode)Schemas.Parse("""{"op":"test","path":"/a","value":1}""")).ToArray());

        var act = () => JsonPatch.Apply(Schemas.Parse("""{"a":1}"""), patch);

        act.Should().Throw<PatchException>().Where(e => e.StatusCode == 413).WithMessage("*got 10001");
    }
}
