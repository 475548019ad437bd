using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.Operator.Configuration;
using Octavo.Operator.Entities;
using Octavo.Operator.Permissions;
using YamlDotNet.Serialization;

namespace Octavo.Operator.CustomResources;

/// <summary>Writes the manifests that are generated from the types: <c>octavo-operator manifests</c>, <c>make manifests</c>.</summary>
internal static class ManifestWriter
{
    private const string Header = "# Generated from the C# types by `make manifests`. Do not edit.\n";

    /// <summary>The namespace that the manifests install into; kustomize and Helm put another in its place.</summary>
    private const string InstallNamespace = "octavo-system";

    /// <summary>Path below config/ to content of everything that is generated.</summary>
    public static IReadOnlyDictionary<string, string> Render()
    {
        var permissions = OperatorFeatures.Permissions(OperatorFeatures.Create());
        var files = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["crds/serving.octavo.dev_inferenceservices.yaml"] = Header + ToYaml(CustomResourceDefinitionGenerator.Generate(typeof(V1Alpha1InferenceService))),
            ["rbac/role.yaml"] = RoleManifest.ClusterRole(permissions),
            ["namespaced/role.yaml"] = RoleManifest.Role(permissions, InstallNamespace),
        };
        if (RoleManifest.ClusterReads(permissions) is { } reads)
        {
            files["cluster-reads/role.yaml"] = reads;
        }

        return files;
    }

    /// <summary>Writes every file of <see cref="Render"/> into <paramref name="folder"/>.</summary>
    public static void WriteTo(string folder)
    {
        foreach (var (name, content) in Render())
        {
            var path = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, content);
        }
    }

    /// <summary>Block-style YAML; strings that would read as another type are quoted.</summary>
    public static string ToYaml(JsonNode node) =>
        new SerializerBuilder().WithQuotingNecessaryStrings().WithIndentedSequences().WithNewLine("\n").Build().Serialize(ToPlain(node)!);

    private static object? ToPlain(JsonNode? node) => node switch
    {
        null => null,
        JsonObject map => map.ToDictionary(p => p.Key, p => ToPlain(p.Value), StringComparer.Ordinal),
        JsonArray list => list.Select(ToPlain).ToList(),
        _ => node.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number => long.Parse(node.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture),
            _ => node.GetValue<string>(),
        },
    };
}
