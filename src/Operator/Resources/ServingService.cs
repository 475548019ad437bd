using Octavo.KubernetesClient.Models;
using Octavo.Operator.Dialects;
using Octavo.Operator.Entities;
using Octavo.ServingContract;

namespace Octavo.Operator.Resources;

/// <summary>The stable address of an InferenceService, and what the gateway reads of it.</summary>
internal static class ServingService
{
    public static V1Service Build(V1Alpha1InferenceService service) => new()
    {
        Metadata = ServingObjectMeta.Create(service, new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [ServingLabels.ModelNames] = string.Join(',', ServingObjectMeta.ModelNames(service)),
            [ServingLabels.Dialect] = RuntimeDialects.Of(service).Name,
        }),
        Spec = new V1ServiceSpec
        {
            Type = "ClusterIP",
            Selector = ServingObjectMeta.AnsweringLabels(service),
            Ports =
            [
                new V1ServicePort { Name = ServingPorts.HttpName, Port = ServingPorts.Http, TargetPort = ServingPorts.HttpName, Protocol = "TCP", AppProtocol = "http" },
            ],
        },
    };

    public static string Url(V1Alpha1InferenceService service) =>
        $"http://{ServingObjectMeta.NameOf(service)}.{service.Metadata.NamespaceProperty}.svc:{ServingPorts.Http}";
}
