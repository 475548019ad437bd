using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Cache;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Sidecar;

/// <summary>Deployments by the InferenceService that they ask for or have, from the cache.</summary>
/// <param name="deployments">All Deployments, with <see cref="ServiceIndex"/>.</param>
internal sealed class SidecarView(Lister<InjectedDeployment> deployments)
{
    /// <summary>Index of Deployments by <c>namespace/name</c> of InferenceServices.</summary>
    public const string ServiceIndex = "sidecar-service";

    /// <summary>What a Deployment asks for and what it has: the same but for moments.</summary>
    public static IEnumerable<NamespacedName> ServicesOf(InjectedDeployment deployment) =>
        new[] { SidecarRequest.Of(deployment, out _)?.Service, SidecarRecord.Of(deployment)?.Service }
            .OfType<string>().Distinct(StringComparer.Ordinal).Select(name => new NamespacedName(deployment.Metadata.NamespaceProperty, name));

    public IReadOnlyList<InjectedDeployment> Of(NamespacedName service) => deployments.ByIndex(ServiceIndex, service.ToString());

    /// <summary>Names of the Deployments whose sidecar, and so whose pods, would be replaced if the service were so.</summary>
    public IReadOnlyList<string> ChangedBy(V1Alpha1InferenceService service) =>
    [
        .. Of(NamespacedName.Of(service))
            .Where(d => d.IsInjected && SidecarRequest.Of(d, out _) is { } request && request.Service == service.Metadata.Name && SidecarRecord.Of(d)?.Wishes != SidecarWishes.Hash(service, request))
            .Select(d => d.Metadata.Name!).Order(StringComparer.Ordinal),
    ];

    /// <summary>Deployments whose pods serve the model.</summary>
    public int CountWith(NamespacedName service) => Of(service).Count(d => d.IsInjected && SidecarRecord.Of(d)?.Service == service.Name);
}
