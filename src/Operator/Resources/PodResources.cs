using System.Globalization;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;

namespace Octavo.Operator.Resources;

/// <summary>Requests and limits of a container.</summary>
internal static class PodResources
{
    /// <param name="spec">The service's.</param>
    /// <param name="accelerator">The accelerators that the container gets; null: none.</param>
    public static V1ResourceRequirements? Of(InferenceServiceSpec spec, AcceleratorSpec? accelerator)
    {
        var requests = Texts(spec.Resources?.Requests);
        var limits = Texts(spec.Resources?.Limits);
        if (accelerator is not null)
        {
            // Extended resources cannot be overcommitted: request and limit are the same.
            var count = (accelerator.Count ?? 1).ToString(CultureInfo.InvariantCulture);
            requests[accelerator.Resource ?? AcceleratorSpec.DefaultResource] = count;
            limits[accelerator.Resource ?? AcceleratorSpec.DefaultResource] = count;
        }

        return requests.Count + limits.Count == 0
            ? null
            : new V1ResourceRequirements { Requests = requests.Count > 0 ? requests : null, Limits = limits.Count > 0 ? limits : null };
    }

    private static SortedDictionary<string, string> Texts(IReadOnlyDictionary<string, WrittenQuantity>? quantities)
    {
        var texts = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, quantity) in quantities ?? new Dictionary<string, WrittenQuantity>())
        {
            texts[name] = quantity.Text;
        }

        return texts;
    }
}
