using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.Tests.ApiServer.Schema;

public sealed class DefaulterTests
{
    public static TheoryData<string> Recorded() => [.. Schemas.Fixture("defaults.json").AsArray().Select(c => c!["name"]!.GetValue<string>())];

    [Theory]
    [MemberData(nameof(Recorded))]
    public void Apply_RecordedObject_GivesTheRecordedSpec(string name)
    {
        var recorded = Schemas.Fixture("defaults.json").AsArray().First(c => c!["name"]!.GetValue<string>() == name)!;
        var obj = (JsonObject)recorded["object"]!.DeepClone();

        Defaulter.Apply(Schemas.For(obj), obj);

        obj["spec"].Print().Should().Be(recorded["spec"].Print());
    }

    [Fact]
    public void Apply_Twice_ChangesNothingMore()
    {
        foreach (var recorded in Schemas.Fixture("defaults.json").AsArray())
        {
            var obj = (JsonObject)recorded!["object"]!.DeepClone();
            Defaulter.Apply(Schemas.For(obj), obj);
            var once = obj.Print();

            Defaulter.Apply(Schemas.For(obj), obj);

            obj.Print().Should().Be(once);
        }
    }

    [Fact]
    public void Apply_SecretWithStringData_MovesItOverData()
    {
        var secret = Schemas.Parse("""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":{"a":"YQ==","b":"Yg=="},"stringData":{"a":"new"}}""");

        Defaulter.Apply(Schemas.For(secret), secret);

        secret["data"].Print().Should().Be("""{"a":"bmV3","b":"Yg=="}""");
        secret["type"].AsText().Should().Be("Opaque");
        secret.ContainsKey("stringData").Should().BeFalse();
    }

    [Fact]
    public void Apply_Namespace_LabelsItWithItsName()
    {
        var ns = Schemas.Parse("""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n"}}""");

        Defaulter.Apply(Schemas.For(ns), ns);

        ns.At("metadata", "labels", "kubernetes.io/metadata.name").AsText().Should().Be("n");
    }

    [Theory]
    [InlineData("example/app", "Always")]
    [InlineData("example/app:latest", "Always")]
    [InlineData("example/app:1", "IfNotPresent")]
    [InlineData("host:5000/app", "Always")]
    [InlineData("host:5000/app:2", "IfNotPresent")]
    [InlineData("app@sha256:00", "IfNotPresent")]
    public void Apply_ImageTag_DecidesThePullPolicy(string image, string policy)
    {
        var pod = Schemas.Parse("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"a"}]}}""");
        pod["spec"]!["containers"]![0]!["image"] = image;

        Defaulter.Apply(Schemas.Pod, pod);

        pod["spec"]!["containers"]![0]!["imagePullPolicy"].AsText().Should().Be(policy);
    }

    [Theory]
    [InlineData("""{"owner":"a"}""", """{"color":"red","owner":"a","replicas":1,"size":3}""")]
    [InlineData("""{"owner":"a","size":null,"color":null}""", """{"color":"red","owner":"a","replicas":1,"size":3}""")]
    [InlineData("""{"owner":null,"maybe":null}""", """{"color":"red","maybe":null,"replicas":1,"size":3}""")]
    [InlineData("""{"nested":{"level":1}}""", """{"color":"red","nested":{"enabled":true,"level":1,"mode":"auto"},"replicas":1,"size":3}""")]
    [InlineData("""{"parts":[{"name":"a"},{"name":"b","qty":0}]}""", """{"color":"red","parts":[{"name":"a","qty":1},{"name":"b","qty":0}],"replicas":1,"size":3}""")]
    public void Apply_CustomResource_FillsWhatItsParentHas(string spec, string expected)
    {
        var widget = Schemas.Parse($$$"""{"apiVersion":"example.dev/v1","kind":"Widget","metadata":{"name":"w"},"spec":{{{spec}}}}""");

        Defaulter.Apply(Schemas.Widget, widget);

        widget["spec"].Print().Should().Be(expected);
    }

    [Fact]
    public void Apply_OtherKindThanTheSchemas_LeavesItAlone()
    {
        var gizmo = Schemas.Parse("""{"apiVersion":"example.dev/v1","kind":"Gizmo","spec":{}}""");

        Defaulter.Apply(Schemas.Widget, gizmo);

        gizmo["spec"].Print().Should().Be("{}");
    }

    [Fact]
    public void Apply_NullLabel_BecomesEmptyAndEmptyMapsGo()
    {
        var map = Schemas.Parse("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"x":null},"annotations":{}},"data":{},"immutable":null}""");

        Defaulter.Apply(Schemas.ConfigMap, map);

        map.Print().Should().Be("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"labels":{"x":""},"name":"a"}}""");
    }
}
