using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.ApiServer.ServerSideApply;
using Octavo.LocalCluster.Tests.ApiServer.Schema;

namespace Octavo.LocalCluster.Tests.ApiServer.ServerSideApply;

public sealed class FieldManagerTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> Recorded() => [.. Schemas.Fixture("apply.json").AsArray().Select(c => c!["name"]!.GetValue<string>())];

    private static JsonObject Stored(JsonObject obj, JsonObject? live)
    {
        Defaulter.Apply(Schemas.For(obj), obj);
        obj.Ensure("metadata")["uid"] = live.At("metadata", "uid")?.DeepClone() ?? "u-1";
        return obj;
    }

    private static ApplyOutcome Apply(JsonObject? live, string applied, string manager, bool force = false, string subresource = "", int second = 0)
    {
        var obj = Schemas.Parse(applied);
        return FieldManager.Apply(Schemas.For(obj), live, obj, manager, force, subresource, obj["apiVersion"].AsText()!, Start.AddSeconds(second));
    }

    private static JsonObject Applied(JsonObject? live, string applied, string manager, bool force = false, int second = 0) =>
        Stored(Apply(live, applied, manager, force, "", second).Merged!, live);

    private static JsonObject Updated(JsonObject? live, string updated, string manager, string subresource = "")
    {
        var obj = Schemas.Parse(updated);
        Stored(obj, live);
        FieldManager.TrackUpdate(Schemas.For(obj), live, obj, manager, subresource, obj["apiVersion"].AsText()!, Start);
        return obj;
    }

    private static string Fields(JsonObject obj, string manager) =>
        (obj.At("metadata", "managedFields") as JsonArray ?? []).FirstOrDefault(e => e!["manager"].AsText() == manager)?["fieldsV1"].Print() ?? "";

    private static string Map(string data) => $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{{{data}}}}""";

    [Theory]
    [MemberData(nameof(Recorded))]
    public void Apply_RecordedSteps_AnswersAsRecorded(string name)
    {
        var steps = Schemas.Fixture("apply.json").AsArray().First(c => c!["name"]!.GetValue<string>() == name)!["steps"]!.AsArray();
        JsonObject? live = null;
        foreach (var step in steps)
        {
            var obj = (JsonObject)step!["object"]!;
            var outcome = FieldManager.Apply(Schemas.For(obj), live, obj, step["manager"].AsText()!, step["force"].IsTrue(), "", obj["apiVersion"].AsText()!, Start);
            if (step["status"].AsWhole() >= 400)
            {
                outcome.StatusCode.Should().Be((int)step["status"].AsWhole()!);
                outcome.Message.Should().Be(step["message"].AsText());
                outcome.Causes.Select(c => $"{c.Reason}|{c.Field}|{c.Message}").Should()
                    .BeEquivalentTo(step["causes"]!.AsArray().Select(c => $"{c!["reason"]}|{c["field"]}|{c["message"]}"));
                continue;
            }

            outcome.Message.Should().BeEmpty();
            live = Stored(outcome.Merged!, live);
            foreach (var part in new[] { "spec", "data" }.Where(p => step[p] is not null))
            {
                Missing(step[part], live[part], part).Should().BeEmpty();
            }

            live.At("metadata", "finalizers").Print().Should().Be(step["finalizers"].Print());
            var entries = (live.At("metadata", "managedFields") as JsonArray ?? []).Select(e => $"{e!["manager"]} {e["operation"]} {e["fieldsV1"].Print()}");
            entries.Should().BeEquivalentTo(step["managedFields"]!.AsArray().Select(e => $"{e!["manager"]} {e["operation"]} {e["fieldsV1"].Print()}"));
        }
    }

    /// <summary>What an expected value has and the actual one has not: recorded answers may show a part only.</summary>
    private static string Missing(JsonNode? expected, JsonNode? actual, string path) => (expected, actual) switch
    {
        (JsonObject e, JsonObject a) => e.Select(p => Missing(p.Value, a[p.Key], $"{path}.{p.Key}")).FirstOrDefault(m => m.Length > 0) ?? "",
        (JsonArray e, JsonArray a) when e.Count == a.Count => e.Select((v, i) => Missing(v, a[i], $"{path}[{i}]")).FirstOrDefault(m => m.Length > 0) ?? "",
        _ => expected.SameAs(actual) ? "" : $"{path}: expected {expected.Print()}, got {actual.Print()}",
    };

    [Fact]
    public void Apply_Twice_ChangesNothingNotEvenTheTime()
    {
        var first = Applied(null, Map("""{"k":"1"}"""), "alpha");

        var second = Applied(first, Map("""{"k":"1"}"""), "alpha", second: 100);

        second.SameAs(first).Should().BeTrue();
    }

    [Fact]
    public void Apply_SharedValue_AddsAnEntryWithoutTime()
    {
        var live = Applied(Applied(null, Map("""{"k":"1"}"""), "alpha"), Map("""{"k":"1"}"""), "beta");

        var entry = live.At("metadata", "managedFields")!.AsArray().First(e => e!["manager"].AsText() == "beta")!;
        entry.AsObject().ContainsKey("time").Should().BeFalse();
    }

    [Fact]
    public void TrackUpdate_Create_OwnsDefaultsAndContainers()
    {
        foreach (var recorded in Schemas.Fixture("defaults.json").AsArray())
        {
            var live = Updated(null, recorded!["object"]!.ToJsonString(), "recorder");

            Fields(live, "recorder").Should().Be(recorded["fieldsV1"].Print(), $"the {recorded["name"]} was recorded so");
        }
    }

    [Fact]
    public void TrackUpdate_ChangedField_TakesItFromTheApplier()
    {
        var live = Applied(null, Map("""{"k":"1","j":"2"}"""), "alpha");

        var updated = Updated(live, Map("""{"k":"9","j":"2"}"""), "editor");

        Fields(updated, "alpha").Should().Be("""{"f:data":{"f:j":{}}}""");
        Fields(updated, "editor").Should().Be("""{"f:data":{"f:k":{}}}""");
    }

    [Fact]
    public void TrackUpdate_OnlyRemoves_MakesNoEntry()
    {
        var live = Applied(null, Map("""{"k":"1","j":"2"}"""), "alpha");

        var updated = Updated(live, Map("""{"k":"1"}"""), "editor");

        Fields(updated, "editor").Should().BeEmpty();
        Fields(updated, "alpha").Should().Be("""{"f:data":{"f:k":{}}}""");
    }

    [Fact]
    public void TrackUpdate_ManagedFieldsReset_ForgetsThemUntilTheNextApply()
    {
        var live = Applied(null, Map("""{"k":"1"}"""), "alpha");
        var reset = (JsonObject)live.DeepClone();
        reset["metadata"]!["managedFields"] = new JsonArray(new JsonObject());
        FieldManager.TrackUpdate(Schemas.ConfigMap, live, reset, "editor", "", "v1", Start);
        reset["metadata"]!.AsObject().ContainsKey("managedFields").Should().BeFalse();

        var put = Updated(reset, Map("""{"k":"1","n":"2"}"""), "editor");
        put["metadata"]!.AsObject().ContainsKey("managedFields").Should().BeFalse("an untracked object stays untracked");

        var outcome = Apply(put, Map("""{"k":"2"}"""), "beta");
        outcome.StatusCode.Should().Be(409);
        outcome.Message.Should().Be("Apply failed with 1 conflict: conflict with \"before-first-apply\" using v1: .data.k");
    }

    [Fact]
    public void TrackUpdate_ManagedFieldsLeftOut_KeepsTheLiveOnes()
    {
        var live = Applied(null, Map("""{"k":"1"}"""), "alpha");

        var updated = Updated(live, Map("""{"k":"1"}"""), "editor");

        Fields(updated, "alpha").Should().Be("""{"f:data":{"f:k":{}}}""");
    }

    [Fact]
    public void TrackScale_HandsReplicasToTheScaler_AndAZeroToNobody()
    {
        const string Web = """{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{%"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"m","image":"i"}]}}}}""";
        var live = Applied(null, Web.Replace("%", "\"replicas\":1,", StringComparison.Ordinal), "alpha");
        var scaled = (JsonObject)live.DeepClone();
        scaled["spec"]!["replicas"] = 3;

        FieldManager.TrackScale(Schemas.Deployment, live, scaled, ".spec.replicas", "scaler", "apps/v1");

        Fields(scaled, "scaler").Should().Be("""{"f:spec":{"f:replicas":{}}}""");
        Fields(scaled, "alpha").Should().NotContain("f:replicas");
        var conflict = Apply(scaled, Web.Replace("%", "\"replicas\":1,", StringComparison.Ordinal), "alpha");
        conflict.Message.Should().Be("Apply failed with 1 conflict: conflict with \"scaler\" with subresource \"scale\" using apps/v1: .spec.replicas");
        Applied(scaled, Web.Replace("%", "", StringComparison.Ordinal), "alpha").At("spec", "replicas").AsWhole().Should().Be(3);

        var zero = (JsonObject)scaled.DeepClone();
        zero["spec"]!["replicas"] = 0;
        FieldManager.TrackScale(Schemas.Deployment, scaled, zero, ".spec.replicas", "scaler", "apps/v1");
        Fields(zero, "scaler").Should().BeEmpty();
    }

    [Fact]
    public void Apply_StatusSubresource_IgnoresTheSpecAndHasItsOwnEntry()
    {
        const string Main = """{"apiVersion":"example.dev/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"owner":"ada"}}""";
        var live = Applied(null, Main, "ctrl");

        var outcome = Apply(live, """{"apiVersion":"example.dev/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"size":9},"status":{"phase":"Up"}}""", "ctrl", subresource: "status");

        var entries = outcome.Merged.At("metadata", "managedFields")!.AsArray();
        entries.Should().HaveCount(2);
        entries.First(e => e!["subresource"].AsText() == "status")!["fieldsV1"].Print().Should().Be("""{"f:status":{"f:phase":{}}}""");
    }

    [Theory]
    [InlineData("""{"data":{"k":1}}""", ".data.k: expected string, got 1")]
    [InlineData("""{"bogus":1}""", ".bogus: field not declared in schema")]
    [InlineData("""{"data":[]}""", ".data: expected map, got &{[]}")]
    [InlineData("""{"bogus":1,"odd":2}""", "errors:\n  .bogus: field not declared in schema\n  .odd: field not declared in schema")]
    public void Apply_ConfigurationThatDoesNotFit_Is500(string part, string expected)
    {
        var obj = Schemas.Parse(part);
        (obj["apiVersion"], obj["kind"], obj["metadata"]) = ("v1", "ConfigMap", Schemas.Parse("""{"name":"a"}"""));

        var outcome = FieldManager.Apply(Schemas.ConfigMap, null, obj, "m", false, "", "v1", Start);

        outcome.StatusCode.Should().Be(500);
        outcome.Reason.Should().BeEmpty();
        outcome.Message.Should().Be($"failed to create typed patch object (/a; /v1, Kind=ConfigMap): {expected}");
    }

    [Fact]
    public void Apply_WithManagedFieldsOrOtherVersion_Is400()
    {
        Apply(null, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","managedFields":[{}]}}""", "m").StatusCode.Should().Be(400);
        FieldManager.Apply(Schemas.ConfigMap, null, Schemas.Parse(Map("{}")), "m", false, "", "v2", Start).Message.Should().Contain("Incorrect version specified");
    }

    [Fact]
    public void Apply_KubectlOverClientSideApply_TakesOverItsOwnFieldsOnly()
    {
        var last = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"1"}}""";
        var created = Schemas.Parse(Map("""{"k":"1"}"""));
        created["metadata"]!["annotations"] = new JsonObject { ["kubectl.kubernetes.io/last-applied-configuration"] = last };
        var live = Updated(null, created.ToJsonString(), "kubectl-client-side-apply");

        var taken = Apply(live, Map("""{"k":"2"}"""), "kubectl");
        var other = Apply(live, Map("""{"k":"2"}"""), "other");

        taken.StatusCode.Should().Be(200);
        taken.Merged.At("metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration").AsText().Should().Contain("\"k\":\"2\"");
        other.StatusCode.Should().Be(409);
    }
}
