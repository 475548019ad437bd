using Octavo.ControllerRuntime;
using Octavo.ControllerRuntime.Scheduling;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.EndpointSlices;

/// <summary>Keeps one EndpointSlice for each service with a selector.</summary>
internal sealed class EndpointSliceController : QueueController
{
    private readonly IKubernetesClient client;
    private readonly ClusterInformers informers;
    private readonly ControllerExpectations expectations;

    public EndpointSliceController(IKubernetesClient client, ClusterInformers informers, TimeProvider time, ILogger logger)
        : base("endpointslice", time, logger)
    {
        this.client = client;
        this.informers = informers;
        expectations = new ControllerExpectations(time);
        informers.Services.AddEventHandler(s => Queue.Add(NamespacedName.Of(s)), (_, s) => Queue.Add(NamespacedName.Of(s)), s => Queue.Add(NamespacedName.Of(s)));
        informers.Pods.AddEventHandler(Enqueue, PodUpdated, Enqueue);
        informers.EndpointSlices.AddEventHandler(SliceAdded, (_, slice) => EnqueueService(slice), EnqueueService);
    }

    protected override async Task<TimeSpan?> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        var service = informers.Services.Lister.Get(key);
        if (service is null)
        {
            expectations.Forget(key); // Its slice belongs to the garbage collector now.
            return null;
        }

        if (service.Metadata.DeletionTimestamp is not null || !expectations.Satisfied(key)
            || EndpointSliceBuilder.Build(service, informers.PodsWith(key.Namespace, service.Spec?.Selector ?? new Dictionary<string, string>())) is not { } wanted)
        {
            return null;
        }

        var slices = informers.EndpointSlices.Lister.List(key.Namespace).Where(s => ServiceOf(s) == key && Ownership.IsControlledBy(s, service))
            .OrderBy(s => s.Metadata.CreationTimestamp).ToList();
        if (slices.Count == 0)
        {
            expectations.ExpectCreations(key, 1);
            try
            {
                await client.CreateAsync(wanted, Write, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                expectations.CreationObserved(key);
                throw;
            }

            return null;
        }

        foreach (var surplus in slices.Skip(1))
        {
            await client.DeleteAsync<V1EndpointSlice>(surplus.Metadata.Name!, key.Namespace, null, cancellationToken).ConfigureAwait(false);
        }

        var existing = slices[0];
        var updated = existing with { Metadata = existing.Metadata with { Labels = wanted.Metadata.Labels }, Endpoints = wanted.Endpoints, Ports = wanted.Ports };
        if (!KubernetesJson.DeepEquals(Comparable(existing), Comparable(updated)))
        {
            await client.UpdateAsync(updated, Write, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    /// <summary>The server writes empty lists as null and leaves empty names out.</summary>
    private static V1EndpointSlice Comparable(V1EndpointSlice slice) => new()
    {
        Metadata = new V1ObjectMeta { Labels = slice.Metadata.Labels?.OrderBy(l => l.Key, StringComparer.Ordinal).ToDictionary() },
        Endpoints = slice.Endpoints ?? [],
        Ports = [.. (slice.Ports ?? []).Select(p => p with { Name = p.Name ?? "" })],
    };

    private static NamespacedName? ServiceOf(V1EndpointSlice slice) =>
        slice.Metadata.Labels?.GetValueOrDefault(EndpointSliceBuilder.ManagedByLabel) == EndpointSliceBuilder.ManagedBy
        && slice.Metadata.Labels.GetValueOrDefault(EndpointSliceBuilder.ServiceNameLabel) is { } service
            ? new NamespacedName(slice.Metadata.NamespaceProperty, service) : null;

    private void SliceAdded(V1EndpointSlice slice)
    {
        if (ServiceOf(slice) is { } service)
        {
            expectations.CreationObserved(service);
            Queue.Add(service);
        }
    }

    private void EnqueueService(V1EndpointSlice slice)
    {
        if (ServiceOf(slice) is { } service)
        {
            Queue.Add(service);
        }
    }

    private void PodUpdated(V1Pod before, V1Pod pod)
    {
        Enqueue(pod);
        if (!ReferenceEquals(before.Metadata.Labels, pod.Metadata.Labels))
        {
            Enqueue(before);
        }
    }

    private void Enqueue(V1Pod pod)
    {
        foreach (var service in informers.Services.Lister.List(pod.Metadata.NamespaceProperty))
        {
            if (service.Spec?.Selector is { Count: > 0 } selector && SelectorMatch.Matches(selector, pod.Metadata.Labels))
            {
                Queue.Add(NamespacedName.Of(service));
            }
        }
    }
}
