using System.Text.Json.Nodes;
using Octavo.Operator.Controller;
using Octavo.Operator.Resources;
using Octavo.TestSupport.Kubernetes;

namespace Octavo.Operator.Tests.Controller;

/// <summary>Manifests of kinds without a type; objects with one are applied in every test of the controller.</summary>
public sealed class ObjectApplierTests
{
    private readonly FakeKubernetesClient api = new();
    private readonly ObjectApplier applier;

    public ObjectApplierTests() => applier = new ObjectApplier(api);

    [Fact]
    public async Task ApplyManifestAsync_AbsentThenSame_WritesOnceAndLeavesTheManifestAlone()
    {
        var wanted = Monitor("30s");
        var before = wanted.ToJsonString();
        (await applier.FindManifestAsync(wanted, default)).Should().BeNull();

        await applier.ApplyManifestAsync(null, wanted, default);
        var live = await applier.FindManifestAsync(wanted, default);
        var again = await applier.ApplyManifestAsync(live, wanted, default);

        api.Count("apply", "PodMonitor").Should().Be(1);
        again.Should().BeSameAs(live);
        live!["metadata"]!["annotations"]![ServingObjectMeta.AppliedHash].Should().NotBeNull();
        wanted.ToJsonString().Should().Be(before);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ApplyManifestAsync_ChangedHereOrThere_Writes(bool here)
    {
        await applier.ApplyManifestAsync(null, Monitor("30s"), default);
        var live = await applier.FindManifestAsync(Monitor("30s"), default);
        if (!here)
        {
            live!["spec"]!["podMetricsEndpoints"]![0]!["interval"] = "1s";
        }

        var applied = await applier.ApplyManifestAsync(live, Monitor(here ? "15s" : "30s"), default);

        api.Count("apply", "PodMonitor").Should().Be(2);
        ((string)applied["spec"]!["podMetricsEndpoints"]![0]!["interval"]!).Should().Be(here ? "15s" : "30s");
    }

    private static JsonObject Monitor(string interval) => new()
    {
        ["apiVersion"] = "monitoring.coreos.com/v1",
        ["kind"] = "PodMonitor",
        ["metadata"] = new JsonObject { ["name"] = "chat", ["namespace"] = "n" },
        ["spec"] = new JsonObject { ["podMetricsEndpoints"] = new JsonArray(new JsonObject { ["port"] = "http", ["interval"] = interval }) },
    };
}
