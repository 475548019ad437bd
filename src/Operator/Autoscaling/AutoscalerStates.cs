using System.Collections.Concurrent;
using Octavo.ControllerRuntime;

namespace Octavo.Operator.Autoscaling;

/// <summary>The autoscaler's states by InferenceService: written by its loop alone, read by reconciles, which make all writes to the cluster.</summary>
internal sealed class AutoscalerStates
{
    private readonly ConcurrentDictionary<NamespacedName, AutoscalerState> states = new();

    public AutoscalerState? Find(NamespacedName service) => states.GetValueOrDefault(service);

    public void Set(NamespacedName service, AutoscalerState state) => states[service] = state;

    public void Remove(NamespacedName service) => states.TryRemove(service, out _);

    /// <summary>Drops all others: what is not autoscaled now must not resume from an old number later.</summary>
    public void Keep(IReadOnlySet<NamespacedName> services)
    {
        foreach (var key in states.Keys.Where(k => !services.Contains(k)))
        {
            states.TryRemove(key, out _);
        }
    }

    /// <summary>A new term of leadership begins: another operator may have decided meanwhile, so the status counts.</summary>
    public void Clear() => states.Clear();
}
