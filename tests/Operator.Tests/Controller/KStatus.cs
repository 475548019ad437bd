using Octavo.KubernetesClient;
using Octavo.Operator.Entities;
using Octavo.TestSupport.Kubernetes;

namespace Octavo.Operator.Tests.Controller;

/// <summary>How kstatus (kubectl wait for a resource set, Flux, kpt) reads an InferenceService.</summary>
internal static class KStatus
{
    public static string Of(V1Alpha1InferenceService service) => StatusRules.KStatus(KubernetesJson.ToNode(service).AsObject());
}
