using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.ApiServer.ServerSideApply;
using Octavo.LocalCluster.Tests.ApiServer.Schema;

namespace Octavo.LocalCluster.Tests.ApiServer.ServerSideApply;

/// <summary>Laws of apply over random configurations of the sample custom resource.</summary>
public sealed class ApplyPropertyTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly Config Deterministic = Config.QuickThrowOnFailure.WithReplay(11, 13);

    private static JsonObject Configuration(int seed)
    {
        var random = new Random(seed);
        var spec = new JsonObject();
        void Maybe(string name, Func<JsonNode> make)
        {
            if (random.Next(2) == 0)
            {
                spec[name] = make();
            }
        }

        Maybe("owner", () => random.Next(2) == 0 ? "ada" : "bob");
        Maybe("args", () => new JsonArray(random.Next(2) == 0 ? "1" : "2", "3"));
        Maybe("tags", () => new JsonArray(new[] { "x", "y", "z" }.Where(_ => random.Next(2) == 0).Select(t => (JsonNode)t).ToArray()));
        Maybe("parts", () => new JsonArray(new[] { "a", "b", "c" }.Where(_ => random.Next(2) == 0).OrderBy(_ => random.Next()).Select(n =>
        {
            var part = new JsonObject { ["name"] = n };
            if (random.Next(2) == 0)
            {
                part["note"] = random.Next(3).ToString(System.Globalization.CultureInfo.InvariantCulture);
            }

            return (JsonNode)part;
        }).ToArray()));
        Maybe("nested", () => new JsonObject { ["level"] = random.Next(3) });
        Maybe("labels", () => new JsonObject { [random.Next(2) == 0 ? "l" : "m"] = "v" });
        Maybe("atomicObj", () => new JsonObject { [random.Next(2) == 0 ? "x" : "y"] = "v" });
        return new JsonObject { ["apiVersion"] = "example.dev/v1", ["kind"] = "Widget", ["metadata"] = new JsonObject { ["name"] = "w" }, ["spec"] = spec };
    }

    private static JsonObject Apply(JsonObject? live, JsonObject configuration, string manager)
    {
        var merged = FieldManager.Apply(Schemas.Widget, live, configuration, manager, true, "", "example.dev/v1", Now).Merged!;
        Defaulter.Apply(Schemas.Widget, merged);
        return merged;
    }

    [Fact]
    public void Apply_TheSameAgain_IsANoOp() => Check.One(Deterministic, Prop.ForAll(
        Gen.Choose(0, 1_000_000).Two().ToArbitrary(),
        pair =>
        {
            var live = Apply(Apply(null, Configuration(pair.Item1), "a"), Configuration(pair.Item2), "b");
            return Apply(live, Configuration(pair.Item2), "b").SameAs(live);
        }));

    [Fact]
    public void Apply_AnyConfiguration_IsContainedInTheResult() => Check.One(Deterministic, Prop.ForAll(
        Gen.Choose(0, 1_000_000).Two().ToArbitrary(),
        pair =>
        {
            var configuration = Configuration(pair.Item2);
            var live = Apply(Apply(null, Configuration(pair.Item1), "a"), configuration, "b");
            return TypedFields.Of(Schemas.Widget, configuration).Difference(TypedFields.WithNamedFields(Schemas.Widget, TypedFields.Of(Schemas.Widget, live))).IsEmpty;
        }));

    [Fact]
    public void Apply_BothManagersLeave_NothingIsOrphaned() => Check.One(Deterministic, Prop.ForAll(
        Gen.Choose(0, 1_000_000).Two().ToArbitrary(),
        pair =>
        {
            var nothing = new JsonObject { ["apiVersion"] = "example.dev/v1", ["kind"] = "Widget", ["metadata"] = new JsonObject { ["name"] = "w" } };
            var live = Apply(Apply(null, Configuration(pair.Item1), "a"), Configuration(pair.Item2), "b");
            live = Apply(Apply(live, nothing, "a"), nothing, "b");
            var left = live["spec"] as JsonObject ?? [];
            return live.At("metadata", "managedFields") is null && left.All(p => p.Key is "color" or "size" or "replicas");
        }));

    [Fact]
    public void Apply_OneManagerLeaves_TheOthersFieldsStay() => Check.One(Deterministic, Prop.ForAll(
        Gen.Choose(0, 1_000_000).Two().ToArbitrary(),
        pair =>
        {
            var nothing = new JsonObject { ["apiVersion"] = "example.dev/v1", ["kind"] = "Widget", ["metadata"] = new JsonObject { ["name"] = "w" } };
            var second = Configuration(pair.Item2);
            var live = Apply(Apply(Apply(null, Configuration(pair.Item1), "a"), second, "b"), nothing, "a");
            return TypedFields.Of(Schemas.Widget, second).Difference(TypedFields.WithNamedFields(Schemas.Widget, TypedFields.Of(Schemas.Widget, live))).IsEmpty;
        }));
}
