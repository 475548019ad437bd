using Octavo.ControllerRuntime.Events;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers;

/// <summary>Events of one component, by their type.</summary>
internal sealed class ComponentEvents(EventPublisher publisher)
{
    public Task NormalAsync(IKubernetesObject about, string reason, string message, CancellationToken cancellationToken) =>
        publisher.PublishAsync(about, "Normal", reason, message, cancellationToken);

    public Task WarningAsync(IKubernetesObject about, string reason, string message, CancellationToken cancellationToken) =>
        publisher.PublishAsync(about, "Warning", reason, message, cancellationToken);
}
