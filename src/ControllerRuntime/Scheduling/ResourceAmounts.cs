using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Scheduling;

/// <summary>Amounts by resource name, in whole units. Pure.</summary>
public static class ResourceAmounts
{
    /// <summary>
    /// What a pod asks for: the sum of its containers and sidecars, or its largest init container where that is more; plus the overhead.
    /// A limit without a request counts as the request.
    /// </summary>
    public static Dictionary<string, decimal> OfPod(V1Pod pod)
    {
        var total = new Dictionary<string, decimal>(StringComparer.Ordinal);
        foreach (var container in pod.Spec?.Containers ?? [])
        {
            Add(total, OfContainer(container));
        }

        foreach (var sidecar in (pod.Spec?.InitContainers ?? []).Where(c => c.RestartPolicy == "Always"))
        {
            Add(total, OfContainer(sidecar));
        }

        foreach (var init in (pod.Spec?.InitContainers ?? []).Where(c => c.RestartPolicy != "Always"))
        {
            foreach (var (name, amount) in OfContainer(init))
            {
                total[name] = Math.Max(total.GetValueOrDefault(name), amount);
            }
        }

        Add(total, Parse(pod.Spec?.Overhead));
        return total;
    }

    /// <exception cref="FormatException">An amount is no quantity.</exception>
    public static Dictionary<string, decimal> Parse(IReadOnlyDictionary<string, string>? quantities) =>
        (quantities ?? new Dictionary<string, string>()).ToDictionary(q => q.Key, q => ResourceQuantity.Parse(q.Value).ToDecimal(), StringComparer.Ordinal);

    /// <summary>Adds <paramref name="more"/> to <paramref name="total"/>, which changes.</summary>
    public static void Add(Dictionary<string, decimal> total, IReadOnlyDictionary<string, decimal> more)
    {
        foreach (var (name, amount) in more)
        {
            total[name] = total.GetValueOrDefault(name) + amount;
        }
    }

    private static Dictionary<string, decimal> OfContainer(V1Container container)
    {
        var amounts = Parse(container.Resources?.Limits);
        foreach (var (name, amount) in Parse(container.Resources?.Requests))
        {
            amounts[name] = amount;
        }

        return amounts;
    }
}
