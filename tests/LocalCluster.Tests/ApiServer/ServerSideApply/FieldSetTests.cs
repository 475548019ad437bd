using FsCheck;
using FsCheck.Fluent;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.ApiServer.ServerSideApply;
using Octavo.LocalCluster.Tests.ApiServer.Schema;

namespace Octavo.LocalCluster.Tests.ApiServer.ServerSideApply;

public sealed class FieldSetTests
{
    private static readonly string[] Elements = ["f:a", "f:b", "k:{\"name\":\"x\"}", "v:\"y\""];

    private static FieldSet Random(int seed)
    {
        var random = new Random(seed);
        var set = new FieldSet();
        for (var i = random.Next(8); i > 0; i--)
        {
            set.Insert(Enumerable.Range(0, random.Next(1, 4)).Select(_ => new PathElement(Elements[random.Next(Elements.Length)])).ToArray());
        }

        return set;
    }

    [Theory]
    [InlineData("""{"f:data":{"f:k":{}}}""", ".data.k")]
    [InlineData("""{"f:data":{".":{},"f:k":{}}}""", ".data|.data.k")]
    [InlineData("""{"f:spec":{"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:name":{}}}}}""", ".spec.ports[port=80,protocol=\"TCP\"]|.spec.ports[port=80,protocol=\"TCP\"].name")]
    [InlineData("""{"f:metadata":{"f:finalizers":{"v:\"a/b\"":{}}}}""", ".metadata.finalizers[=\"a/b\"]")]
    public void Parse_FieldsV1_NamesItsPaths(string json, string expected)
    {
        var set = FieldSet.Parse(Schemas.Parse(json));

        set.Paths().Select(p => string.Concat(p.Select(e => e.Display()))).Should().Equal(expected.Split('|'));
        set.Print().Print().Should().Be(json);
    }

    [Theory]
    [InlineData("""{"x":{}}""")]
    [InlineData("""{"f:a":1}""")]
    [InlineData("""{"z:a":{}}""")]
    public void Parse_OtherForm_IsRefused(string json)
    {
        var act = () => FieldSet.Parse(Schemas.Parse(json));
        act.Should().Throw<FormatException>();
    }

    [Fact]
    public void Print_Parsed_IsTheSameSet() => Check.One(Config.QuickThrowOnFailure.WithReplay(1, 3), Prop.ForAll(
        Gen.Choose(0, 1_000_000).ToArbitrary(), seed => FieldSet.Parse(Random(seed).Print()).SameAs(Random(seed))));

    [Fact]
    public void Operations_OnAnyTwoSets_ObeySetAlgebra() => Check.One(Config.QuickThrowOnFailure.WithReplay(5, 7), Prop.ForAll(
        Gen.Choose(0, 1_000_000).Two().ToArbitrary(),
        pair =>
        {
            var (a, b) = (Random(pair.Item1), Random(pair.Item2));
            return a.Union(b).Difference(b).SameAs(a.Difference(b))
                && a.Intersection(b).SameAs(a.Difference(a.Difference(b)))
                && a.Union(b).SameAs(b.Union(a))
                && a.Difference(a).IsEmpty
                && a.WithoutBelow(b).Difference(a).IsEmpty
                && a.WithoutBelow(b).Intersection(b).IsEmpty;
        }));
}
