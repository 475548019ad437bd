using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Templates;

/// <summary>The templates of a replica's pods.</summary>
/// <param name="Main">Of the pod that answers requests.</param>
/// <param name="Worker">Of the others, where a replica spans nodes; null: there are none. Carries the same hash.</param>
internal sealed record PodTemplates(V1PodTemplateSpec Main, V1PodTemplateSpec? Worker = null)
{
    /// <summary>The same with all members in the order in which an API server gives them back.</summary>
    public PodTemplates Canonical() => new(Canonical(Main), Worker is null ? null : Canonical(Worker));

    private static V1PodTemplateSpec Canonical(V1PodTemplateSpec template) => FromNode(KubernetesJson.ToNode(template));

    public static V1PodTemplateSpec FromNode(JsonNode node) => KubernetesJson.FromNode<V1PodTemplateSpec>(CanonicalJson.Of(node)!);
}
