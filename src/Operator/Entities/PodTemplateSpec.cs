using System.Text.Json;
using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>What the pods carry beyond what the operator writes.</summary>
public sealed record PodTemplateSpec
{
    /// <summary>Labels and annotations of the pods; those that the operator writes win.</summary>
    public PodTemplateMetadataSpec? Metadata { get; init; }

    /// <summary>ServiceAccount of the pods; its token is not mounted.</summary>
    [Schema(MinLength = 1, MaxLength = 253)]
    public string? ServiceAccountName { get; init; }

    /// <summary>Secrets that hold credentials for the image's registry.</summary>
    [Schema(MaxItems = 16, ListType = "atomic")]
    public IReadOnlyList<LocalObjectReferenceSpec>? ImagePullSecrets { get; init; }

    /// <summary>Affinity of the pods, as in a PodSpec.</summary>
    public JsonElement? Affinity { get; init; }

    /// <summary>PriorityClass of the pods.</summary>
    [Schema(MinLength = 1, MaxLength = 253)]
    public string? PriorityClassName { get; init; }
}

/// <summary>Labels and annotations of the pods.</summary>
public sealed record PodTemplateMetadataSpec
{
    /// <summary>Labels. The prefix serving.octavo.dev/ and app.kubernetes.io/name, instance and managed-by belong to the operator.</summary>
    [Schema(MaxProperties = 32, ItemMaxLength = 63)]
    [ValidationRule("self.all(key, !key.startsWith('serving.octavo.dev/') && !(key in ['app.kubernetes.io/name', 'app.kubernetes.io/instance', 'app.kubernetes.io/managed-by']))",
        "labels serving.octavo.dev/* and app.kubernetes.io/name, instance and managed-by belong to the operator", Reason = "FieldValueForbidden")]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Annotations. The prefix serving.octavo.dev/ belongs to the operator.</summary>
    [Schema(MaxProperties = 32, ItemMaxLength = 8192)]
    [ValidationRule("self.all(key, !key.startsWith('serving.octavo.dev/'))", "annotations serving.octavo.dev/* belong to the operator", Reason = "FieldValueForbidden")]
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}

/// <summary>An object in the same namespace.</summary>
public sealed record LocalObjectReferenceSpec
{
    /// <summary>Name of the object.</summary>
    [Schema(MinLength = 1, MaxLength = 253)]
    public required string Name { get; init; }
}
