using Octavo.KubernetesClient.Models;

namespace Octavo.Operator.Templates;

/// <summary>Builds the template of a service.</summary>
/// <param name="revision">Revision of the code, one of those that it knows.</param>
/// <param name="imagesOf">A template whose images take the place of the operator's defaults; null: the defaults.</param>
internal delegate V1PodTemplateSpec TemplateBuild(string revision, V1PodTemplateSpec? imagesOf);
