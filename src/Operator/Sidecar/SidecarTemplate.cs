using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Configuration;
using Octavo.Operator.Dialects;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Sidecar;

/// <summary>
/// What is put into a pod template: the service's own containers as init containers, the runtime's of them a native sidecar, and their volumes, under names of
/// their own. Nothing of the pod as a whole but what the containers cannot do without; what the pod's owner has to set is in docs/sidecar.md. Pure.
/// </summary>
internal static class SidecarTemplate
{
    /// <summary>Of this code: raised with it, and told by the record.</summary>
    public const string Revision = "1";

    private const long NonRootUser = 65532;
    private const string TokenPath = "/var/run/secrets/kubernetes.io/serviceaccount";
    private const string EmptyFolder = "no-token";

    public static JsonObject Build(V1Alpha1InferenceService service, ModelSource model, SidecarRequest request, OperatorOptions options)
    {
        var dialect = RuntimeDialects.Of(service);
        var image = service.Spec.Runtime?.Image ?? options.RuntimeImageOf(service.Spec);
        var inputs = new PodTemplateInputs
        {
            Service = service,
            Model = model,
            Dialect = dialect,
            RuntimeImage = image,
            FetchImage = dialect.HasFetch ? image : options.FetchImage ?? options.RuntimeImage,
            Sidecar = request,
        };
        IReadOnlyList<V1Container> fetch = FetchContainer.IsNeeded(inputs) ? [Guest(FetchContainer.Build(inputs), SidecarNames.ModelContainer)] : [];
        var template = new V1PodTemplateSpec
        {
            Spec = new V1PodSpec
            {
                InitContainers = [.. fetch, Serving(inputs)],
                Volumes = [.. PodVolumes.Of(inputs).Select(v => v with { Name = Renamed(v.Name) })],
                ImagePullSecrets = service.Spec.PodTemplate?.ImagePullSecrets is { Count: > 0 } secrets ? [.. secrets.Select(s => new V1LocalObjectReference { Name = s.Name })] : null,
                NodeSelector = service.Spec.Accelerator?.NodeSelector is { Count: > 0 } selector ? selector : null,
                RuntimeClassName = service.Spec.Accelerator?.RuntimeClassName,
            },
        };
        return KubernetesJson.ToNode(template).AsObject();
    }

    /// <summary>
    /// The pod's own containers start when the startup probe has passed, and end before the sidecar does. There is no readiness probe: a request that the model
    /// turns away for a moment is the app's to try again, and no reason to take the pod out of its Service; while the sidecar is started again it is not
    /// started, and so the pod not ready. Nobody is led here by an address, so there is nothing to wait for before the end.
    /// </summary>
    private static V1Container Serving(PodTemplateInputs inputs) => Guest(ServingContainer.Build(inputs), SidecarNames.ServingContainer) with
    {
        RestartPolicy = "Always",
        Ports = null,
        ReadinessProbe = null,
        Lifecycle = null,
    };

    /// <summary>A container in somebody else's pod: it brings its own safety, and does not get the pod's token, which it has no use for.</summary>
    private static V1Container Guest(V1Container container, string name) => container with
    {
        Name = name,
        SecurityContext = PodSafety.OfContainer() with
        {
            RunAsNonRoot = true,
            RunAsUser = NonRootUser,
            RunAsGroup = NonRootUser,
            SeccompProfile = new V1SeccompProfile { Type = "RuntimeDefault" },
        },
        VolumeMounts =
        [
            .. (container.VolumeMounts ?? []).Select(m => m with { Name = Renamed(m.Name) }),
            new V1VolumeMount { Name = Renamed(PodVolumes.ScratchVolume), MountPath = TokenPath, SubPath = EmptyFolder, ReadOnly = true },
        ],
    };

    private static string Renamed(string name) => SidecarNames.Prefix + name;
}
