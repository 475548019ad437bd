using Octavo.ControllerRuntime.Cache;
using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Integrations;

/// <summary>What the operator made of a kind that the cluster may not have.</summary>
/// <param name="Lister">Empty while the kind is not available.</param>
/// <param name="Unavailability">Why the kind cannot be used now, for people; null where it can.</param>
internal sealed record OptionalKind<T>(Lister<T> Lister, Func<string?> Unavailability) where T : class, IKubernetesObject
{
    public static OptionalKind<T> Of(OptionalInformer<T> informer) => new(informer.Lister, () => informer.Unavailability);
}
