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
}
