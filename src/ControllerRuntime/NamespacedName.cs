using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime;

/// <summary>The key of an object within its kind, and the only thing that queues hold. <c>Namespace</c> is null for cluster-scoped kinds.</summary>
public readonly record struct NamespacedName(string? Namespace, string Name)
{
    public static NamespacedName Of(IKubernetesObject entity) =>
        new(entity.Metadata.NamespaceProperty, entity.Metadata.Name ?? throw new ArgumentException("the object has no name", nameof(entity)));

    public override string ToString() => Namespace is null ? Name : $"{Namespace}/{Name}";
}
