using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.CustomResources;
using Octavo.ServingContract;

namespace Octavo.Operator.Entities;

/// <summary>A language model that is served by replicas of a serving runtime under one address.</summary>
[KubernetesEntity(Group = ServingLabels.Group, ApiVersion = EntityApiVersion, Kind = EntityKind, PluralName = EntityPlural)]
[CustomResource(
    Singular = "inferenceservice",
    ShortNames = ["ois"],
    Categories = ["octavo"],
    SpecReplicasPath = ".spec.replicas",
    StatusReplicasPath = ".status.replicas",
    LabelSelectorPath = ".status.selector")]
[PrinterColumn("Model", "string", ".spec.model.uri")]
[PrinterColumn("Ready", "string", ".status.conditions[?(@.type==\"Ready\")].status")]
[PrinterColumn("Replicas", "integer", ".status.readyReplicas")]
[PrinterColumn("Reason", "string", ".status.conditions[?(@.type==\"Ready\")].reason")]
[PrinterColumn("URL", "string", ".status.url")]
[PrinterColumn("Age", "date", ".metadata.creationTimestamp")]
[ValidationRule("size(self.metadata.name) <= 63", "metadata.name must have at most 63 characters, because the Service takes it")]
[ValidationRule("self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')", "metadata.name must be a DNS label that begins with a letter, because the Service takes it")]
public sealed record V1Alpha1InferenceService : IKubernetesObject
{
    public const string EntityApiVersion = "v1alpha1";
    public const string EntityKind = "InferenceService";
    public const string EntityPlural = "inferenceservices";

    /// <summary>Group and version, as objects and owner references name it.</summary>
    public const string GroupVersion = ServingLabels.Group + "/" + EntityApiVersion;

    public string? ApiVersion { get; init; } = GroupVersion;
    public string? Kind { get; init; } = EntityKind;
    public V1ObjectMeta Metadata { get; init; } = new();

    /// <summary>What is wanted. Only users write here; the operator never does.</summary>
    public required InferenceServiceSpec Spec { get; init; }

    /// <summary>What is. Only the operator writes here. Until it did, tools that follow kstatus see by the generation that work is to come.</summary>
    [Schema(DefaultJson = "{\"observedGeneration\": -1}")]
    public InferenceServiceStatus? Status { get; init; }
}
