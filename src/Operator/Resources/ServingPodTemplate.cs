using System.Globalization;
using System.Text.Json;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.ServingContract;

namespace Octavo.Operator.Resources;

/// <summary>
/// The pods of an InferenceService: an init container that makes the model's files present, then the runtime. Pods run under the restricted pod
/// security standard. Templates in use are recorded, so that a change of this code rolls nothing: raise <see cref="Revision"/> with it, and keep building the forms of
/// <see cref="Revisions"/>, from which a record that is lost is made again.
/// </summary>
internal static class ServingPodTemplate
{
    /// <summary>Of the code that builds new templates.</summary>
    public const string Revision = "1";

    /// <summary>All that can be built.</summary>
    public static readonly IReadOnlyList<string> Revisions = [Revision];

    public const string ModelContainer = "model";
    public const string RuntimeContainer = "runtime";
    public const string PodIPVariable = "POD_IP";
    public const int DefaultDrainSeconds = 30;

    /// <summary>What a pod gets beyond the drain to abort, close and exit.</summary>
    private const int GraceBeyondDrainSeconds = 15;

    /// <summary>Loading may take long: as many tries of one second as three hours have.</summary>
    private const int StartupFailures = 3 * 60 * 60;

    private const long NonRootUser = 65532;
    private const string ScratchVolume = "tmp";
    private const string ScratchPath = "/tmp";

    public static int DrainSeconds(V1Alpha1InferenceService service) => service.Spec.Rollout?.DrainSeconds ?? DefaultDrainSeconds;

    /// <summary>The image of a container in a template; null where there is none of that name.</summary>
    public static string? ImageOf(V1PodTemplateSpec? template, string container) =>
        (template?.Spec?.Containers ?? []).Concat(template?.Spec?.InitContainers ?? []).FirstOrDefault(c => c.Name == container)?.Image;

    /// <summary>The template, annotated with its own hash.</summary>
    public static V1PodTemplateSpec Build(V1Alpha1InferenceService service, string image, ModelSource model)
    {
        var spec = service.Spec;
        var pod = new V1PodSpec
        {
            InitContainers =
            [
                Container(ModelContainer, service, image, model.FetchArguments, model.Mount(forFetch: true)) with
                {
                    EnvFrom = spec.Model.SecretRef is { } secret ? [new V1EnvFromSource { SecretRef = new V1EnvSourceReference { Name = secret.Name } }] : null,
                    Resources = Resources(spec, accelerator: null),
                },
            ],
            Containers =
            [
                Container(RuntimeContainer, service, image, ServingArguments.Build(service, model.Path), model.Mount(forFetch: false)) with
                {
                    Ports = [new V1ContainerPort { Name = ServingPorts.HttpName, ContainerPort = ServingPorts.Http, Protocol = "TCP" }],
                    Resources = Resources(spec, spec.Accelerator),
                    StartupProbe = Probe(ServingPaths.Ready, periodSeconds: 1, StartupFailures),
                    ReadinessProbe = Probe(ServingPaths.Ready, periodSeconds: 2, failures: 3),
                    LivenessProbe = Probe(ServingPaths.Health, periodSeconds: 10, failures: 6),
                },
            ],
            Volumes = [new V1Volume { Name = ScratchVolume, EmptyDir = new V1EmptyDirVolumeSource() }, .. model.Volume is { } volume ? [volume] : Array.Empty<V1Volume>()],
            NodeSelector = spec.Accelerator?.NodeSelector,
            Affinity = spec.PodTemplate?.Affinity,
            Tolerations = spec.Accelerator?.Tolerations?.Select(Toleration).ToList(),
            TopologySpreadConstraints = SpreadOverNodes(service),
            ServiceAccountName = spec.PodTemplate?.ServiceAccountName,
            AutomountServiceAccountToken = false,
            ImagePullSecrets = spec.PodTemplate?.ImagePullSecrets?.Select(s => new V1LocalObjectReference { Name = s.Name }).ToList(),
            PriorityClassName = spec.PodTemplate?.PriorityClassName,
            RuntimeClassName = spec.Accelerator?.RuntimeClassName,
            TerminationGracePeriodSeconds = DrainSeconds(service) + GraceBeyondDrainSeconds,
            SecurityContext = new V1PodSecurityContext
            {
                RunAsNonRoot = true,
                RunAsUser = NonRootUser,
                FsGroup = NonRootUser,
                SeccompProfile = new V1SeccompProfile { Type = "RuntimeDefault" },
            },
            EnableServiceLinks = false,
        };
        var template = new V1PodTemplateSpec { Metadata = new V1ObjectMeta { Labels = PodLabels(service), Annotations = spec.PodTemplate?.Metadata?.Annotations }, Spec = pod };
        var annotations = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in spec.PodTemplate?.Metadata?.Annotations ?? new Dictionary<string, string>())
        {
            annotations[name] = value;
        }

        annotations[ServingObjectMeta.TemplateHash] = AppliedFields.Hash(KubernetesJson.ToNode(template));
        return template with { Metadata = template.Metadata with { Annotations = annotations } };
    }

    private static V1Container Container(string name, V1Alpha1InferenceService service, string image, IReadOnlyList<string> arguments, V1VolumeMount? mount) => new()
    {
        Name = name,
        Image = image,
        ImagePullPolicy = service.Spec.Runtime?.ImagePullPolicy,
        Args = arguments,
        Env =
        [
            new V1EnvVar { Name = PodIPVariable, ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { ApiVersion = "v1", FieldPath = "status.podIP" } } },
            new V1EnvVar { Name = "HOME", Value = ScratchPath },
            .. (service.Spec.Runtime?.Env ?? []).Where(e => e.Name is not (PodIPVariable or "HOME")).Select(Variable),
        ],
        VolumeMounts = [new V1VolumeMount { Name = ScratchVolume, MountPath = ScratchPath }, .. mount is null ? Array.Empty<V1VolumeMount>() : [mount]],
        SecurityContext = new V1SecurityContext
        {
            AllowPrivilegeEscalation = false,
            Capabilities = new V1Capabilities { Drop = ["ALL"] },
            ReadOnlyRootFilesystem = true,
        },
        TerminationMessagePolicy = "FallbackToLogsOnError",
    };

    private static V1EnvVar Variable(EnvVarSpec variable) => new()
    {
        Name = variable.Name,
        Value = variable.Value,
        ValueFrom = variable.ValueFrom is not { } source ? null : new V1EnvVarSource
        {
            SecretKeyRef = source.SecretKeyRef is { } secret ? new V1SecretKeySelector { Name = secret.Name, Key = secret.Key, Optional = secret.Optional } : null,
            ConfigMapKeyRef = source.ConfigMapKeyRef is { } map ? new V1ConfigMapKeySelector { Name = map.Name, Key = map.Key, Optional = map.Optional } : null,
        },
    };

    private static V1ResourceRequirements? Resources(InferenceServiceSpec spec, AcceleratorSpec? accelerator)
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

        static SortedDictionary<string, string> Texts(IReadOnlyDictionary<string, WrittenQuantity>? quantities)
        {
            var texts = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (var (name, quantity) in quantities ?? new Dictionary<string, WrittenQuantity>())
            {
                texts[name] = quantity.Text;
            }

            return texts;
        }
    }

    private static V1Probe Probe(string path, int periodSeconds, int failures) => new()
    {
        HttpGet = new V1HTTPGetAction { Path = path, Port = ServingPorts.HttpName },
        PeriodSeconds = periodSeconds,
        TimeoutSeconds = 5,
        FailureThreshold = failures,
    };

    private static V1Toleration Toleration(TolerationSpec toleration) => new()
    {
        Key = toleration.Key,
        Operator = toleration.Operator,
        Value = toleration.Value,
        Effect = toleration.Effect,
        TolerationSeconds = toleration.TolerationSeconds,
    };

    /// <summary>Softly: a replica on a full node is better than a replica that waits.</summary>
    private static JsonElement SpreadOverNodes(V1Alpha1InferenceService service) => JsonSerializer.SerializeToElement<object[]>(
    [
        new
        {
            maxSkew = 1,
            topologyKey = "kubernetes.io/hostname",
            whenUnsatisfiable = "ScheduleAnyway",
            labelSelector = new { matchLabels = ServingObjectMeta.SelectorLabels(service) },
        },
    ]);

    private static SortedDictionary<string, string> PodLabels(V1Alpha1InferenceService service)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in (service.Spec.PodTemplate?.Metadata?.Labels ?? new Dictionary<string, string>()).Concat(ServingObjectMeta.Labels(service)))
        {
            labels[name] = value;
        }

        return labels;
    }
}
