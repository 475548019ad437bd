using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Octavo.LocalCluster.ApiServer.Resources;
using Octavo.LocalCluster.ApiServer.Schema;

namespace Octavo.LocalCluster.ApiServer.CustomResources;

/// <summary>What an established definition serves, as the registry holds it. Pure.</summary>
internal static partial class DefinitionVersions
{
    private static readonly string[] SubresourceVerbs = ["get", "patch", "update"];

    /// <summary>One resource a served version, the most stable version first.</summary>
    /// <param name="definition">The established definition.</param>
    /// <param name="metadata">The schema of ObjectMeta.</param>
    public static IReadOnlyList<ResourceDefinition> Read(JsonObject definition, ResourceSchema metadata)
    {
        var spec = (JsonObject)definition["spec"]!;
        var versions = (spec["versions"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        var storage = versions.Find(v => v["storage"].IsTrue())?["name"].AsText() ?? "";
        return versions.Where(v => v["served"].IsTrue())
            .OrderByDescending(v => Priority(v["name"].AsText() ?? "")).ThenBy(v => v["name"].AsText(), StringComparer.Ordinal)
            .Select(v => Read(definition, spec, v, storage, metadata)).ToList();
    }

    /// <summary>Kubernetes' order of versions: v2, v1, v1beta2, v1beta1, v1alpha1, and what is no such version last.</summary>
    public static (int Stability, int Major, int Minor) Priority(string version)
    {
        var match = VersionShape().Match(version);
        if (!match.Success)
        {
            return (-1, 0, 0);
        }

        var stability = match.Groups["stage"].Value switch { "" => 2, "beta" => 1, _ => 0 };
        var minor = match.Groups["minor"].Success ? int.Parse(match.Groups["minor"].ValueSpan, CultureInfo.InvariantCulture) : 0;
        return (stability, int.Parse(match.Groups["major"].ValueSpan, CultureInfo.InvariantCulture), minor);
    }

    private static ResourceDefinition Read(JsonObject definition, JsonObject spec, JsonObject version, string storage, ResourceSchema metadata)
    {
        var names = (JsonObject)definition.At("status", "acceptedNames")!;
        var group = spec["group"].AsText()!;
        var name = version["name"].AsText()!;
        var kind = names["kind"].AsText()!;
        var plural = names["plural"].AsText()!;
        var scale = version.At("subresources", "scale") as JsonObject;
        var subresources = new List<SubresourceDefinition>();
        if (version.At("subresources") is JsonObject declared && declared.ContainsKey("status"))
        {
            subresources.Add(new SubresourceDefinition("status", group, name, kind, SubresourceVerbs));
        }

        if (scale is not null)
        {
            subresources.Add(new SubresourceDefinition("scale", "autoscaling", "v1", "Scale", SubresourceVerbs));
        }

        return new ResourceDefinition
        {
            Group = group,
            Version = name,
            Kind = kind,
            ListKind = names["listKind"].AsText() ?? kind + "List",
            Plural = plural,
            Singular = names["singular"].AsText() ?? "",
            Namespaced = spec["scope"].AsText() == "Namespaced",
            Verbs = ResourceDefinition.CustomResourceVerbs,
            ShortNames = Texts(names["shortNames"]),
            Categories = Texts(names["categories"]),
            Subresources = subresources,
            IsCustom = true,
            PrinterColumns = Columns(version["additionalPrinterColumns"] as JsonArray ?? []),
            SelectableFields = (version["selectableFields"] as JsonArray ?? []).Select(f => (f?["jsonPath"].AsText() ?? "").TrimStart('.')).ToArray(),
            Scale = scale is null ? null : new ScalePaths(scale["specReplicasPath"].AsText()!, scale["statusReplicasPath"].AsText()!, scale["labelSelectorPath"].AsText()),
            StorageApiVersion = $"{group}/{storage}",
            DeprecationWarning = version["deprecated"].IsTrue() ? version["deprecationWarning"].AsText() ?? $"{group}/{name} {kind} is deprecated" : null,
            Storage = new GroupResource(group, plural),
            Schema = ResourceSchema.ForVersion(definition, name, metadata),
            StorageSchema = name == storage ? null : ResourceSchema.ForVersion(definition, storage, metadata),
        };
    }

    private static PrinterColumn[] Columns(JsonArray columns) => columns.OfType<JsonObject>().Select(c => new PrinterColumn(
        c["name"].AsText() ?? "", c["type"].AsText() ?? "string", c["format"].AsText() ?? "", c["description"].AsText() ?? "", (int)(c["priority"].AsWhole() ?? 0), c["jsonPath"].AsText() ?? "")).ToArray();

    private static string[] Texts(JsonNode? list) => (list as JsonArray ?? []).Select(i => i.AsText()).OfType<string>().ToArray();

    [GeneratedRegex("^v(?<major>[1-9][0-9]{0,8})((?<stage>alpha|beta)(?<minor>[1-9][0-9]{0,8}))?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex VersionShape();
}
