using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.Queue;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Controller;

/// <summary>Event to keys.</summary>
public static class EventHandlers
{
    /// <summary>The object itself.</summary>
    public static IResourceEventHandler<T> EnqueueSelf<T>(WorkQueue queue) where T : class, IKubernetesObject =>
        EnqueueMapped<T>(queue, static entity => [NamespacedName.Of(entity)]);

    /// <summary>Its owners of the kind <typeparamref name="TOwner"/>, of any version of that kind's group.</summary>
    public static IResourceEventHandler<TOwned> EnqueueOwner<TOwned, TOwner>(WorkQueue queue) where TOwned : class, IKubernetesObject =>
        EnqueueMapped<TOwned>(queue, OwnersOf<TOwner>);

    /// <summary>What <paramref name="map"/> says; for a change both of the state before and after.</summary>
    public static IResourceEventHandler<T> EnqueueMapped<T>(WorkQueue queue, Func<T, IEnumerable<NamespacedName>> map) where T : class, IKubernetesObject =>
        new DelegateEventHandler<T>(
            added => Enqueue(queue, map(added)),
            (before, after) =>
            {
                Enqueue(queue, map(before));
                Enqueue(queue, map(after));
            },
            last => Enqueue(queue, map(last)));

    /// <summary>Keys of the owners of one kind.</summary>
    public static IEnumerable<NamespacedName> OwnersOf<TOwner>(IKubernetesObject owned)
    {
        var kind = KubernetesEntityAttribute.Of<TOwner>();
        foreach (var owner in owned.Metadata.OwnerReferences ?? [])
        {
            var slash = owner.ApiVersion.IndexOf('/');
            var group = slash < 0 ? "" : owner.ApiVersion[..slash];
            if (owner.Kind == kind.Kind && group == kind.Group)
            {
                yield return new NamespacedName(kind.Namespaced ? owned.Metadata.NamespaceProperty : null, owner.Name);
            }
        }
    }

    private static void Enqueue(WorkQueue queue, IEnumerable<NamespacedName> keys)
    {
        foreach (var key in keys)
        {
            queue.Add(key);
        }
    }
}
