using System.Text.Json.Nodes;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Tests.Resources;

public sealed class AppliedFieldsTests
{
    [Theory]
    [InlineData("""{"a":1}""", """{"a":1,"b":2}""", true)]
    [InlineData("""{"a":1}""", """{"a":2}""", false)]
    [InlineData("""{"a":1}""", "{}", false)]
    [InlineData("""{"a":""}""", "{}", true)]
    [InlineData("""{"a":{}}""", """{"a":{"medium":"x"}}""", true)]
    [InlineData("""{"a":{}}""", "{}", false)]
    [InlineData("""{"args":["x"]}""", """{"args":["x","y"]}""", false)]
    [InlineData("""{"args":["x","y"]}""", """{"args":["y","x"]}""", false)]
    [InlineData("""{"containers":[{"name":"b","image":"i"}]}""", """{"containers":[{"name":"a"},{"name":"b","image":"i","tty":false}]}""", true)]
    [InlineData("""{"containers":[{"name":"b","image":"i"}]}""", """{"containers":[{"name":"b","image":"j"}]}""", false)]
    [InlineData("""{"env":[{"name":"A","value":""}]}""", """{"env":[{"name":"A"}]}""", true)]
    [InlineData("""{"ports":[{"port":8000,"targetPort":"http"}]}""", """{"ports":[{"port":8000,"targetPort":"http","nodePort":3}]}""", true)]
    [InlineData("""{"ports":[{"port":53,"protocol":"UDP"}]}""", """{"ports":[{"port":53,"protocol":"TCP"},{"port":53,"protocol":"UDP"}]}""", true)]
    [InlineData("""{"ports":[{"port":53,"protocol":"UDP"}]}""", """{"ports":[{"port":53,"protocol":"TCP"}]}""", false)]
    [InlineData("""{"resources":{"requests":{"cpu":"1000m"}}}""", """{"resources":{"requests":{"cpu":"1"}}}""", true)]
    [InlineData("""{"resources":{"requests":{"cpu":"1000m"}}}""", """{"resources":{"requests":{"cpu":"2"}}}""", false)]
    [InlineData("""{"labels":{"cpu":"1000m"}}""", """{"labels":{"cpu":"1"}}""", false)]
    public void Covers_LiveObject_HasAllThatIsWanted(string wanted, string live, bool expected) =>
        AppliedFields.Covers(JsonNode.Parse(live), JsonNode.Parse(wanted)).Should().Be(expected);

    [Fact]
    public void Hash_SameContent_IsStable() =>
        AppliedFields.Hash(JsonNode.Parse("""{"a":[1,"b"]}""")!).Should().Be(AppliedFields.Hash(new JsonObject { ["a"] = new JsonArray(1, "b") })).And.HaveLength(20);
}
