using System.Net;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Storage;

/// <summary>Looks at a claim and at what was said of it, while pods wait: claims of users are in no cache.</summary>
internal sealed class ClaimReader(IKubernetesClient client)
{
    private const string Kind = "PersistentVolumeClaim";

    /// <summary>More is not looked at.</summary>
    private const int MostEvents = 50;

    /// <param name="known">The claim that the operator made, if that is the one.</param>
    public async Task<ClaimState> ReadAsync(string namespaceName, string name, V1PersistentVolumeClaim? known, CancellationToken cancellationToken)
    {
        var claim = known?.Metadata.Name == name ? known : await client.FindAsync<V1PersistentVolumeClaim>(name, namespaceName, cancellationToken).ConfigureAwait(false);
        if (claim is null)
        {
            return new ClaimState { Name = name };
        }

        var phase = claim.Status?.Phase ?? "Pending";
        return new ClaimState
        {
            Name = name,
            Phase = phase,
            AccessModes = claim.Spec?.AccessModes ?? [],
            Event = phase == "Pending" ? await LastEventAsync(namespaceName, name, cancellationToken).ConfigureAwait(false) : null,
        };
    }

    /// <summary>The last warning, else the last that names who is to provide the volume. That a claim waits for its first consumer is no trouble.</summary>
    private async Task<string?> LastEventAsync(string namespaceName, string name, CancellationToken cancellationToken)
    {
        try
        {
            var options = new ListOptions { FieldSelector = $"involvedObject.kind={Kind},involvedObject.name={name}", Limit = MostEvents };
            var events = (await client.ListAsync<Corev1Event>(namespaceName, options, cancellationToken).ConfigureAwait(false)).Items
                .Where(e => e.InvolvedObject is { Kind: Kind } about && about.Name == name && (e.Type == "Warning" || e.Reason is "FailedBinding" or "ExternalProvisioning"))
                .OrderBy(e => e.Type == "Warning").ThenBy(e => e.LastTimestamp ?? e.EventTime ?? e.Metadata.CreationTimestamp);
            return events.LastOrDefault()?.Message;
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.Forbidden)
        {
            // An older role: the scheduler's sentence has to do.
            return null;
        }
    }
}
