using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.Tests.ApiServer.Schema;

public sealed class UnknownFieldsTests
{
    [Fact]
    public void Find_BuiltIn_GivesDottedPathsWithIndices()
    {
        var obj = Schemas.Parse("""{"bogus":1,"metadata":{"labels":{"any":"x"},"wrong":1},"spec":{"template":{"spec":{"containers":[{"name":"a"},{"nmae":"b"}]}}}}""");

        UnknownFields.Find(Schemas.Deployment, obj).Should().Equal("bogus", "metadata.wrong", "spec.template.spec.containers[1].nmae");
    }

    [Fact]
    public void Find_CustomResource_KeepsToTheSchemaButNotBelowPreserved()
    {
        var obj = Schemas.Parse("""{"apiVersion":"example.dev/v1","kind":"Widget","metadata":{"name":"w","odd":1},"spec":{"extra":{"any":{"x":1}},"labels":{"k":"v"},"sise":1},"more":{}}""");

        UnknownFields.Find(Schemas.Widget, obj).Should().Equal("metadata.odd", "spec.sise", "more");
    }

    [Fact]
    public void Prune_CustomResource_RemovesWhatFindNames()
    {
        var obj = Schemas.Parse("""{"metadata":{"name":"w","odd":1},"spec":{"extra":{"any":[{"x":1}]},"parts":[{"name":"a","z":1}],"sise":1},"more":{}}""");

        Pruner.Prune(Schemas.Widget, obj);

        obj.Print().Should().Be("""{"metadata":{"name":"w"},"spec":{"extra":{"any":[{"x":1}]},"parts":[{"name":"a"}]}}""");
        UnknownFields.Find(Schemas.Widget, obj).Should().BeEmpty();
    }

    [Fact]
    public void Prune_EmbeddedResource_KeepsItsMetadataAndTypeFields()
    {
        var schema = Schemas.Custom("""{"type":"object","x-kubernetes-embedded-resource":true,"properties":{"spec":{"type":"object"}}}""");
        var obj = Schemas.Parse("""{"spec":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","bogus":1},"spec":{"x":1},"other":1}}""");

        Pruner.Prune(schema, obj);

        obj["spec"].Print().Should().Be("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{}}""");
    }
}
