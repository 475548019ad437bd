using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.CustomResources;
using Octavo.LocalCluster.ApiServer.OpenApi;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.LocalCluster.ApiServer.Storage;
using Octavo.LocalCluster.Tests.ApiServer.Schema;
using Octavo.TestSupport;

namespace Octavo.LocalCluster.Tests.ApiServer.CustomResources;

public sealed class CustomResourceRegistrarTests
{
    private static readonly GroupResource Definitions = new("apiextensions.k8s.io", "customresourcedefinitions");

    private readonly ObjectStore store = new();
    private readonly ResourceRegistry registry = new([]);
    private readonly OpenApiDocuments documents = OpenApiDocuments.LoadEmbedded();
    private readonly CustomResourceRegistrar registrar;

    public CustomResourceRegistrarTests() =>
        registrar = new CustomResourceRegistrar(store, registry, documents, Schemas.BuiltIn.ObjectMeta, new FakeTimeProvider());

    private StoredObject Create(JsonObject definition) => store.TryCreate(Definitions, "", definition["metadata"]!["name"].AsText()!, definition)!;

    private JsonObject Stored(string name) => store.Get(Definitions, "", name)!.Value;

    private static JsonObject Gadgets(string plural, string kind = "Gadget") => Schemas.Parse($$$"""
        {"metadata":{"name":"{{{plural}}}.e.dev"},"spec":{"group":"e.dev","scope":"Namespaced","names":{"plural":"{{{plural}}}","singular":"gadget","kind":"{{{kind}}}","listKind":"{{{kind}}}List" },
        "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"} } }]} }
        """);

    [Fact]
    public void ReconcileOnce_NewDefinition_IsEstablishedAndServed()
    {
        Create(Schemas.WidgetDefinition());

        registrar.ReconcileOnce();

        DefinitionNames.IsEstablished(Stored("widgets.example.dev")).Should().BeTrue();
        registry.All.Select(d => d.Version).Should().Equal("v1", "v1beta1");
        var v1 = registry.Find("example.dev", "v1", "widgets")!;
        v1.Subresources.Select(s => s.Name).Should().Equal("status", "scale");
        v1.Scale.Should().Be(new ScalePaths(".spec.replicas", ".status.replicas", ".status.selector"));
        v1.PrinterColumns.Should().HaveCount(5);
        v1.SelectableFields.Should().Equal("spec.color");
        v1.Schema!.HasStatusSubresource.Should().BeTrue();
        v1.StorageSchema.Should().BeNull();
        var beta = registry.Find("example.dev", "v1beta1", "widgets")!;
        beta.DeprecationWarning.Should().Be("example.dev/v1beta1 Widget is deprecated; use v1");
        beta.StorageSchema!.Identity!.Value.Version.Should().Be("v1");
        documents.Find("example.dev", "v1")!.Schemas.ContainsKey("dev.example.v1.Widget").Should().BeTrue();
    }

    [Fact]
    public void ReconcileOnce_Again_WritesNothing()
    {
        Create(Schemas.WidgetDefinition());
        registrar.ReconcileOnce();
        var revision = store.Revision;

        registrar.ReconcileOnce();

        store.Revision.Should().Be(revision);
    }

    [Fact]
    public void ReconcileOnce_NamesInUse_AreNotAccepted()
    {
        Create(Gadgets("gadgets"));
        registrar.ReconcileOnce();
        Create(Gadgets("gadgetz"));

        registrar.ReconcileOnce();

        var status = Stored("gadgetz.e.dev")["status"]!;
        status["conditions"]![0].Print().Should().Contain("\"reason\":\"ListKindConflict\"").And.Contain("\\\"GadgetList\\\" is already in use").And.Contain("\"status\":\"False\"");
        status["conditions"]![1].Print().Should().Contain("\"reason\":\"NotAccepted\"");
        status["acceptedNames"].Print().Should().Be("""{"kind":"","plural":"gadgetz"}""");
        registry.Find("e.dev", "v1", "gadgetz").Should().BeNull();
    }

    [Fact]
    public void ReconcileOnce_ConflictGone_AcceptsTheWaitingDefinition()
    {
        var first = Create(Gadgets("gadgets"));
        registrar.ReconcileOnce();
        Create(Gadgets("gadgetz"));
        registrar.ReconcileOnce();
        store.TryDelete(store.Get(Definitions, "", first.Name)!);

        registrar.ReconcileOnce();

        registry.Find("e.dev", "v1", "gadgetz").Should().NotBeNull();
        registry.Find("e.dev", "v1", "gadgets").Should().BeNull();
    }

    [Fact]
    public void ReconcileOnce_VersionNoLongerServed_IsWithdrawn()
    {
        Create(Schemas.WidgetDefinition());
        registrar.ReconcileOnce();
        var changed = (JsonObject)Stored("widgets.example.dev").DeepClone();
        changed["spec"]!["versions"]![1]!["served"] = false;
        store.TryUpdate(store.Get(Definitions, "", "widgets.example.dev")!, changed);

        registrar.ReconcileOnce();

        registry.All.Select(d => d.Version).Should().Equal("v1");
        documents.Find("example.dev", "v1beta1").Should().BeNull();
    }

    [Fact]
    public void ReconcileOnce_DefinitionDeleted_DeletesItsObjectsFirst()
    {
        var widgets = new GroupResource("example.dev", "widgets");
        Create(Schemas.WidgetDefinition());
        registrar.ReconcileOnce();
        store.TryCreate(widgets, "n", "free", Schemas.Parse("""{"metadata":{"name":"free","namespace":"n"}}"""));
        store.TryCreate(widgets, "n", "held", Schemas.Parse("""{"metadata":{"name":"held","namespace":"n","finalizers":["e.dev/f"]}}"""));
        var deleting = (JsonObject)Stored("widgets.example.dev").DeepClone();
        deleting["metadata"]!["deletionTimestamp"] = "2026-01-01T00:00:00Z";
        deleting["metadata"]!["finalizers"] = new JsonArray("customresourcecleanup.apiextensions.k8s.io");
        store.TryUpdate(store.Get(Definitions, "", "widgets.example.dev")!, deleting);

        registrar.ReconcileOnce().Should().Equal(widgets);
        store.Snapshot(widgets).Objects.Values.Should().ContainSingle().Which.Value.At("metadata", "deletionTimestamp").Should().NotBeNull();

        store.TryDelete(store.Get(widgets, "n", "held")!);
        registrar.ReconcileOnce();

        store.Get(Definitions, "", "widgets.example.dev").Should().BeNull();
        registry.All.Should().BeEmpty();
    }

    [Fact]
    public async Task RunAsync_DefinitionCreatedLater_IsServedAndStopsWhenCancelled()
    {
        using var stop = new CancellationTokenSource();
        var running = registrar.RunAsync(stop.Token);
        var before = store.Revision;
        Create(Gadgets("gadgets"));
        await store.WaitForChangeAsync(Definitions, before + 1);

        await stop.CancelAsync();
        await running;

        DefinitionNames.IsEstablished(Stored("gadgets.e.dev")).Should().BeTrue();
    }

    [Theory]
    [InlineData("v1", "v1beta2")]
    [InlineData("v2", "v1")]
    [InlineData("v10", "v2")]
    [InlineData("v1beta2", "v1beta1")]
    [InlineData("v1beta1", "v2alpha3")]
    [InlineData("v1alpha1", "foo")]
    public void Priority_MoreStable_ComesFirst(string first, string second) =>
        DefinitionVersions.Priority(first).CompareTo(DefinitionVersions.Priority(second)).Should().BePositive();
}
