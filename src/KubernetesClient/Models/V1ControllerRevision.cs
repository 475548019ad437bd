using System.Text.Json;

namespace Octavo.KubernetesClient.Models;

/// <summary>A state that a controller keeps so that it can come back to it. <see cref="Data"/> cannot be changed once it is written; <see cref="Revision"/> can.</summary>
[KubernetesEntity(Group = "apps", ApiVersion = "v1", Kind = "ControllerRevision", PluralName = "controllerrevisions")]
public sealed record V1ControllerRevision : KubernetesRecord, IKubernetesObject
{
    public string? ApiVersion { get; init; } = "apps/v1";
    public string? Kind { get; init; } = "ControllerRevision";
    public V1ObjectMeta Metadata { get; init; } = new();

    /// <summary>Any object; the API server keeps it as it came but for the order of its members.</summary>
    public JsonElement? Data { get; init; }

    /// <summary>Orders the states of one owner: the highest is the one in use.</summary>
    public long Revision { get; init; }
}
