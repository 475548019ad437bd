using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Entities;

/// <summary>Base of custom resources with spec and status; <c>apiVersion</c> and <c>kind</c> come from the type's <see cref="KubernetesEntityAttribute"/>.</summary>
public abstract record CustomKubernetesEntity<TSpec, TStatus> : KubernetesRecord, IKubernetesObject
    where TSpec : class
    where TStatus : class
{
    protected CustomKubernetesEntity()
    {
        if (Attribute.GetCustomAttribute(GetType(), typeof(KubernetesEntityAttribute)) is KubernetesEntityAttribute entity)
        {
            ApiVersion = entity.GroupVersion;
            Kind = entity.Kind;
        }
    }

    public string? ApiVersion { get; init; }
    public string? Kind { get; init; }
    public V1ObjectMeta Metadata { get; init; } = new();
    public TSpec? Spec { get; init; }
    public TStatus? Status { get; init; }
}
