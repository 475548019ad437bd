using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Sidecar;

/// <summary>
/// Any Deployment of the watched namespaces, with no more than what sidecars need of it; the rest is dropped as it is read. There are many, and nearly none of
/// them has a sidecar: such a one keeps its identity alone.
/// </summary>
[KubernetesEntity(Group = "apps", ApiVersion = "v1", Kind = "Deployment", PluralName = "deployments")]
internal sealed record InjectedDeployment : IKubernetesObject
{
    /// <summary>One text for all of them, not one each.</summary>
    public string? ApiVersion
    {
        get => "apps/v1";
        init { }
    }

    public string? Kind
    {
        get => "Deployment";
        init { }
    }

    /// <summary>What identifies the object, the record of what was put in, and of the managed fields what <see cref="SidecarNames.FieldManager"/> owns.</summary>
    public V1ObjectMeta Metadata
    {
        get;
        init => field = new V1ObjectMeta
        {
            Name = value.Name,
            NamespaceProperty = value.NamespaceProperty,
            Uid = value.Uid,
            ResourceVersion = value.ResourceVersion,
            Generation = value.Generation,
            DeletionTimestamp = value.DeletionTimestamp,
            Annotations = Ours(value.Annotations),
            ManagedFields = Ours(value.ManagedFields),
        };
    } = new();

    /// <summary>Null: no sidecar is asked for, and there is nothing of one.</summary>
    public InjectedDeploymentSpec? Spec
    {
        get;
        init => field = value is null || IsOfNoInterest(value.Template) ? null : new InjectedDeploymentSpec { Template = Slim(value.Template!) };
    }

    /// <summary>Something of the Deployment was put there for a sidecar, and is not taken out yet.</summary>
    public bool IsInjected => Metadata.ManagedFields is not null;

    public string? Annotation(string name) => Spec?.Template?.Metadata?.Annotations?.GetValueOrDefault(name);

    private static bool IsOfNoInterest(V1PodTemplateSpec? template) =>
        template is null || (Ours(template.Metadata?.Annotations) is null && template.Spec?.InitContainers?.Any(IsOurs) != true);

    private static V1PodTemplateSpec Slim(V1PodTemplateSpec template) => new()
    {
        Metadata = new V1ObjectMeta { Annotations = Ours(template.Metadata?.Annotations) },
        Spec = new V1PodSpec
        {
            InitContainers = template.Spec?.InitContainers?.Select(Slim).ToList(),
            Containers = template.Spec?.Containers?.Select(Slim).ToList(),
            Volumes = template.Spec?.Volumes?.Where(v => v.Name.StartsWith(SidecarNames.Prefix, StringComparison.Ordinal)).ToList(),
            NodeSelector = template.Spec?.NodeSelector,
            ImagePullSecrets = template.Spec?.ImagePullSecrets,
            RuntimeClassName = template.Spec?.RuntimeClassName,
            HostNetwork = template.Spec?.HostNetwork,
        },
    };

    /// <summary>Of the user's containers the ports count, which the sidecar cannot have.</summary>
    private static V1Container Slim(V1Container container) => IsOurs(container) ? container : new V1Container { Name = container.Name, Ports = container.Ports };

    private static bool IsOurs(V1Container container) => container.Name is SidecarNames.ModelContainer or SidecarNames.ServingContainer;

    private static SortedDictionary<string, string>? Ours(IReadOnlyDictionary<string, string>? annotations)
    {
        var ours = annotations?.Where(a => SidecarNames.IsAnnotation(a.Key)).ToDictionary(StringComparer.Ordinal);
        return ours is { Count: > 0 } ? new SortedDictionary<string, string>(ours, StringComparer.Ordinal) : null;
    }

    private static JsonElement? Ours(JsonElement? managedFields)
    {
        if (managedFields is not { ValueKind: JsonValueKind.Array } entries)
        {
            return null;
        }

        var ours = entries.EnumerateArray()
            .Where(e => e.TryGetProperty("manager", out var manager) && manager.ValueEquals(SidecarNames.FieldManager) && e.TryGetProperty("operation", out var operation) && operation.ValueEquals("Apply"))
            .ToList();
        return ours.Count == 0 ? null : JsonSerializer.SerializeToElement(new JsonArray([.. ours.Select(e => JsonNode.Parse(e.GetRawText()))]));
    }
}

/// <summary>Part of <see cref="InjectedDeployment"/>.</summary>
internal sealed record InjectedDeploymentSpec
{
    public V1PodTemplateSpec? Template { get; init; }
}
