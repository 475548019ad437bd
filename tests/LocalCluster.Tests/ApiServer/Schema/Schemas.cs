using System.Text.Json.Nodes;
using Octavo.LocalCluster.ApiServer.OpenApi;
using Octavo.LocalCluster.ApiServer.Schema;
using Octavo.TestSupport;

namespace Octavo.LocalCluster.Tests.ApiServer.Schema;

/// <summary>The schemas that tests share: the built-in kinds, and a sample custom resource with most extensions.</summary>
internal static class Schemas
{
    public static readonly SchemaRegistry BuiltIn = SchemaRegistry.ForBuiltIns(
        OpenApiDocuments.LoadEmbedded().All.ToDictionary(d => d.Path, d => (Func<JsonObject>)(() => d.Root)));

    public static readonly ResourceSchema ConfigMap = BuiltIn.Find("", "v1", "ConfigMap")!;
    public static readonly ResourceSchema Pod = BuiltIn.Find("", "v1", "Pod")!;
    public static readonly ResourceSchema Service = BuiltIn.Find("", "v1", "Service")!;
    public static readonly ResourceSchema Deployment = BuiltIn.Find("apps", "v1", "Deployment")!;
    public static readonly ResourceSchema Widget = ResourceSchema.ForVersion(WidgetDefinition(), "v1", BuiltIn.ObjectMeta);

    public static JsonObject WidgetDefinition() => (JsonObject)Fixture("widgets.crd.json");

    /// <summary>A file of Fixtures/schema: recorded from a real 1.36 API server.</summary>
    public static JsonNode Fixture(string name) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "tests", "LocalCluster.Tests", "Fixtures", "schema", name)))!;

    public static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;

    public static ResourceSchema For(JsonObject obj)
    {
        var apiVersion = obj["apiVersion"]!.GetValue<string>();
        var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        return BuiltIn.Find(slash < 0 ? "" : apiVersion[..slash], apiVersion[(slash + 1)..], obj["kind"]!.GetValue<string>()) ?? Widget;
    }

    /// <summary>A custom resource of one field, spec, with the given schema.</summary>
    public static ResourceSchema Custom(string specSchema) => ResourceSchema.FromStructural(
        Parse($$$"""{"type":"object","properties":{"spec":{{{specSchema}}}}}"""), BuiltIn.ObjectMeta, "example.dev", "v1", "Thing");
}
