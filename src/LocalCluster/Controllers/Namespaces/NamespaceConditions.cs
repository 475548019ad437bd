using Octavo.KubernetesClient.Models;

namespace Octavo.LocalCluster.Controllers.Namespaces;

/// <summary>The conditions of a namespace that is being deleted. Pure.</summary>
internal static class NamespaceConditions
{
    public static IReadOnlyList<V1Condition> Build(IReadOnlyList<V1Condition> before, NamespaceContent content, DateTimeOffset now)
    {
        V1Condition[] conditions =
        [
            new() { Type = "NamespaceDeletionDiscoveryFailure", Status = "False", Reason = "ResourcesDiscovered", Message = "All resources successfully discovered" },
            new() { Type = "NamespaceDeletionGroupVersionParsingFailure", Status = "False", Reason = "ParsedGroupVersions", Message = "All legacy kube types successfully parsed" },
            new() { Type = "NamespaceDeletionContentFailure", Status = "False", Reason = "ContentDeleted", Message = "All content successfully deleted, may be waiting on finalization" },
            content.IsEmpty
                ? new V1Condition { Type = "NamespaceContentRemaining", Status = "False", Reason = "ContentRemoved", Message = "All content successfully removed" }
                : new V1Condition
                {
                    Type = "NamespaceContentRemaining",
                    Status = "True",
                    Reason = "SomeResourcesRemain",
                    Message = "Some resources are remaining: " + string.Join(", ", Sorted(content.Resources).Select(r => $"{r.Key} has {r.Value} resource instances")),
                },
            content.Finalizers.Count == 0
                ? new V1Condition { Type = "NamespaceFinalizersRemaining", Status = "False", Reason = "ContentHasNoFinalizers", Message = "All content-preserving finalizers finished" }
                : new V1Condition
                {
                    Type = "NamespaceFinalizersRemaining",
                    Status = "True",
                    Reason = "SomeFinalizersRemain",
                    Message = "Some content in the namespace has finalizers remaining: " + string.Join(", ", Sorted(content.Finalizers).Select(f => $"{f.Key} in {f.Value} resource instances")),
                },
        ];
        return [.. conditions.Select(c => c with { LastTransitionTime = before.FirstOrDefault(b => b.Type == c.Type) is { } old && old.Status == c.Status ? old.LastTransitionTime : now })];
    }

    private static IEnumerable<KeyValuePair<string, int>> Sorted(IReadOnlyDictionary<string, int> counts) => counts.OrderBy(c => c.Key, StringComparer.Ordinal);
}
