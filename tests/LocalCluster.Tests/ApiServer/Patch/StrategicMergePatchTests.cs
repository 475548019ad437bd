using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Patch;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.Tests.ApiServer.Schema;

namespace Octavo.LocalCluster.Tests.ApiServer.Patch;

public sealed class StrategicMergePatchTests
{
    private const string Web = """
        {"metadata":{"finalizers":["a","b"]},"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}},"template":{"spec":{"containers":[
        {"name":"main","image":"app:1","env":[{"name":"A","value":"1"},{"name":"B","value":"2"}],"args":["x","y"],"ports":[{"containerPort":80}]},
        {"name":"side","image":"side:1"}]}}}}
        """;

    private static JsonNode Patched(string patch) => StrategicMergePatch.Apply(Schemas.Deployment, Schemas.Parse(Web), JsonNode.Parse(patch));

    private static string Containers(string containers) =>
        Patched($$$"""{"spec":{"template":{"spec":{{{containers}}} } } }""")["spec"]!["template"]!["spec"]!["containers"].Print();

    [Fact]
    public void Apply_ListsWithKeys_MergeWithThePatchInFront() => Containers("""{"containers":[{"name":"main","image":"app:2","env":[{"name":"C","value":"3"},{"name":"A","value":"9"}],"args":["z"]}]}""").Should().Be(
        """[{"args":["z"],"env":[{"name":"C","value":"3"},{"name":"A","value":"9"},{"name":"B","value":"2"}],"image":"app:2","name":"main","ports":[{"containerPort":80}]},{"image":"side:1","name":"side"}]""");

    [Fact]
    public void Apply_DeleteDirective_RemovesItems() => Containers("""{"containers":[{"name":"side","$patch":"delete"},{"name":"main","env":[{"name":"B","$patch":"delete"}],"ports":null,"args":null}]}""").Should().Be(
        """[{"env":[{"name":"A","value":"1"}],"image":"app:1","name":"main"}]""");

    [Fact]
    public void Apply_ReplaceDirective_TakesTheListAsItIs() => Containers("""{"containers":[{"$patch":"replace"},{"name":"only","image":"o"}]}""").Should().Be(
        """[{"image":"o","name":"only"}]""");

    [Fact]
    public void Apply_SetElementOrder_OrdersTheResult() => Containers("""{"$setElementOrder/containers":[{"name":"new"},{"name":"side"},{"name":"main"}],"containers":[{"name":"new","image":"n"}]}""")
        .Should().MatchRegex("\"name\":\"new\".*\"name\":\"side\".*\"name\":\"main\"");

    [Fact]
    public void Apply_SetElementOrderWithoutSome_KeepsThemInPlace() => Containers("""{"$setElementOrder/containers":[{"name":"side"}],"containers":[{"name":"side","image":"s2"}]}""")
        .Should().MatchRegex("\"name\":\"main\".*\"image\":\"s2\",\"name\":\"side\"");

    [Fact]
    public void Apply_RetainKeys_DropsTheOthers() => Patched("""{"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}}""")["spec"]!["strategy"].Print().Should().Be("""{"type":"Recreate"}""");

    [Fact]
    public void Apply_PrimitiveMergeList_AddsAndDeletes()
    {
        Patched("""{"metadata":{"finalizers":["c","a"]}}""")["metadata"]!["finalizers"].Print().Should().Be("""["a","b","c"]""");
        Patched("""{"metadata":{"$deleteFromPrimitiveList/finalizers":["a"]}}""")["metadata"]!["finalizers"].Print().Should().Be("""["b"]""");
    }

    [Fact]
    public void Apply_MapDirectives_DeleteAndReplace()
    {
        Patched("""{"spec":{"strategy":{"$patch":"replace","type":"Recreate"}}}""")["spec"]!["strategy"].Print().Should().Be("""{"type":"Recreate"}""");
        Patched("""{"spec":{"strategy":{"$patch":"delete"}}}""")["spec"]!["strategy"].Print().Should().Be("{}");
    }

    [Fact]
    public void Apply_ItemWithoutKeyOrUnknownDirective_IsRefused()
    {
        var noKey = () => Containers("""{"containers":[{"image":"x"}]}""");
        var unknown = () => Patched("""{"spec":{"$patch":"odd"}}""");

        noKey.Should().Throw<PatchException>().WithMessage("*does not contain declared merge key: name");
        unknown.Should().Throw<PatchException>().Where(e => e.StatusCode == 422);
    }
}
