using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Templates;

/// <summary>What a live workload tells of its template.</summary>
/// <param name="Template">With the API server's defaults and with what others added.</param>
/// <param name="Annotations">The workload's own.</param>
/// <param name="WorkerTemplate">Of the other pods of a replica that spans nodes; null: there are none.</param>
internal sealed record LiveTemplate(V1PodTemplateSpec Template, IReadOnlyDictionary<string, string>? Annotations, V1PodTemplateSpec? WorkerTemplate = null);
