using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Octavo.KubernetesClient;
using Octavo.KubernetesClient.Models;
using Octavo.Operator.Dialects;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;
using Octavo.ServingContract;

namespace Octavo.Operator.Storage;

/// <summary>
/// The Job that fetches a model onto a claim for all services that share it. It runs where replicas may run, so that a volume that is made for its first
/// consumer is made where they can reach it. Pure.
/// </summary>
internal static class FillJob
{
    /// <summary>Label on Job and pods: <see cref="FillKey.Hash"/>.</summary>
    public const string HashLabel = ServingLabels.Group + "/fill";

    /// <summary>Annotation: which one for its model it is, from 1 on.</summary>
    private const string NumberAnnotation = ServingLabels.Group + "/fill-number";

    /// <summary>Annotation: hash of the wishes that it was made from.</summary>
    private const string WishesAnnotation = ServingLabels.Group + "/fill-wishes";

    /// <summary>Annotation, for people.</summary>
    private const string UriAnnotation = ServingLabels.Group + "/model-uri";

    private const string NamePrefix = "octavo-fetch-";

    /// <summary>New pods after failures that may pass, each twice as long after the one before.</summary>
    private const int BackoffLimit = 6;

    /// <summary>For a node and the image, beyond what the fetch itself may take: its own end tells more than the Job's.</summary>
    private const int SecondsBeyondDeadline = 300;

    /// <summary>For whoever wants its log. A Job that was cleaned up is not run again as long as replicas find the model.</summary>
    private const int SecondsAfterEnd = 24 * 60 * 60;

    /// <summary>A fetch needs no more, whatever a replica does.</summary>
    private static readonly IReadOnlyDictionary<string, string> MostRequests = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["cpu"] = "1", ["memory"] = "1Gi" };

    public static string NameOf(FillKey key, int number) => string.Create(CultureInfo.InvariantCulture, $"{NamePrefix}{key.Hash}-{number}");

    public static int NumberOf(V1Job job) =>
        int.TryParse(job.Metadata.Annotations?.GetValueOrDefault(NumberAnnotation), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    public static string WishesIn(V1Job job) => job.Metadata.Annotations?.GetValueOrDefault(WishesAnnotation) ?? "";

    public static string? HashOf(IKubernetesObject jobOrPod) => jobOrPod.Metadata.Labels?.GetValueOrDefault(HashLabel);

    /// <summary>The longest that any of the services gives the fetch; null: one sets no bound.</summary>
    public static int? DeadlineOf(IReadOnlyList<V1Alpha1InferenceService> sharing) =>
        sharing.Any(s => s.Spec.Storage?.DeadlineSeconds is null) ? null : sharing.Max(s => s.Spec.Storage!.DeadlineSeconds);

    /// <summary>What of a service's spec shapes its Job, beyond <see cref="FillKey"/>: with other wishes one that failed is tried again, and one under way begins anew.</summary>
    public static string WishesOf(V1Alpha1InferenceService service, int? deadline)
    {
        var spec = service.Spec;
        return AppliedFields.Hash(JsonSerializer.SerializeToNode(new
        {
            deadline,
            image = RuntimeDialects.Of(service).HasFetch ? spec.Runtime?.Image : null,
            pull = spec.Runtime?.ImagePullPolicy,
            resources = spec.Resources is null ? null : KubernetesJson.ToNode(spec.Resources),
            nodes = spec.Accelerator?.NodeSelector,
            resource = spec.Accelerator?.Resource,
            tolerations = spec.Accelerator?.Tolerations is { } tolerations ? KubernetesJson.ToNode(tolerations) : null,
            pod = spec.PodTemplate is null ? null : KubernetesJson.ToNode(spec.PodTemplate),
        })!);
    }

    /// <summary>Services are owners side by side, none the controller: the garbage collector removes it with the last.</summary>
    public static IReadOnlyList<V1OwnerReference> Owners(IEnumerable<V1Alpha1InferenceService> sharing) =>
    [
        .. sharing.OrderBy(s => s.Metadata.Name, StringComparer.Ordinal).Select(s => new V1OwnerReference
        {
            ApiVersion = V1Alpha1InferenceService.GroupVersion, Kind = V1Alpha1InferenceService.EntityKind, Name = ServingObjectMeta.NameOf(s), Uid = s.Metadata.Uid!,
        }),
    ];

    /// <param name="key">Of all the services.</param>
    /// <param name="sharing">The services; the first one's nodes, resources and pull secrets are the Job's.</param>
    /// <param name="runtimeImage">Of the first one's replicas.</param>
    /// <param name="fetchImage">Of the fetch.</param>
    /// <param name="number">Which one for this model it is.</param>
    public static V1Job Build(FillKey key, IReadOnlyList<V1Alpha1InferenceService> sharing, string runtimeImage, string fetchImage, int number)
    {
        var deadline = DeadlineOf(sharing);
        var first = sharing[0] with { Spec = sharing[0].Spec with { Storage = sharing[0].Spec.Storage! with { DeadlineSeconds = deadline } } };
        var model = (ModelStorage.SourceOf(first) ?? throw new ArgumentException("the service names no model", nameof(sharing))).ForJob();
        var inputs = new PodTemplateInputs { Service = first, Model = model, Dialect = RuntimeDialects.Of(first), RuntimeImage = runtimeImage, FetchImage = fetchImage };
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal) { [ServingLabels.AppName] = ServingObjectMeta.AppName, [ServingLabels.ManagedBy] = ServingObjectMeta.FieldManager, [HashLabel] = key.Hash };
        return new V1Job
        {
            Metadata = new V1ObjectMeta
            {
                Name = NameOf(key, number),
                NamespaceProperty = key.Namespace,
                Labels = labels,
                Annotations = new SortedDictionary<string, string>(StringComparer.Ordinal)
                {
                    [NumberAnnotation] = number.ToString(CultureInfo.InvariantCulture),
                    [WishesAnnotation] = WishesOf(first, deadline),
                    [UriAnnotation] = first.Spec.Model.Uri,
                },
                OwnerReferences = Owners(sharing),
            },
            Spec = new V1JobSpec
            {
                Parallelism = 1,
                Completions = 1,
                BackoffLimit = BackoffLimit,
                ActiveDeadlineSeconds = deadline + SecondsBeyondDeadline,
                TtlSecondsAfterFinished = SecondsAfterEnd,
                PodFailurePolicy = FailurePolicy(),
                Template = new V1PodTemplateSpec
                {
                    Metadata = new V1ObjectMeta { Labels = Labels(first, labels), Annotations = first.Spec.PodTemplate?.Metadata?.Annotations },
                    Spec = Pod(inputs),
                },
            },
        };
    }

    private static V1PodSpec Pod(PodTemplateInputs inputs)
    {
        var spec = inputs.Service.Spec;
        return new V1PodSpec
        {
            RestartPolicy = "Never",
            Containers = [FetchContainer.Build(inputs) with { Resources = Resources(spec) }],
            Volumes = PodVolumes.Of(inputs),
            NodeSelector = spec.Accelerator?.NodeSelector,
            Affinity = NodeAffinity(spec.PodTemplate?.Affinity),
            Tolerations = PodPlacement.Tolerations(inputs),
            ServiceAccountName = spec.PodTemplate?.ServiceAccountName,
            AutomountServiceAccountToken = false,
            ImagePullSecrets = spec.PodTemplate?.ImagePullSecrets?.Select(s => new V1LocalObjectReference { Name = s.Name }).ToList(),
            PriorityClassName = spec.PodTemplate?.PriorityClassName,
            SecurityContext = PodSafety.OfPod(inputs),
            EnableServiceLinks = false,
        };
    }

    /// <summary>A node that is taken away is no failure; what only a person can mend is not tried again.</summary>
    private static V1PodFailurePolicy FailurePolicy() => new()
    {
        Rules =
        [
            new V1PodFailurePolicyRule { Action = "Ignore", OnPodConditions = [new V1PodFailurePolicyOnPodConditionsPattern { Type = "DisruptionTarget", Status = "True" }] },
            new V1PodFailurePolicyRule
            {
                Action = "FailJob",
                OnExitCodes = new V1PodFailurePolicyOnExitCodesRequirement
                {
                    ContainerName = ServingPodTemplate.ModelContainer,
                    Operator = "In",
                    Values = [.. FetchFailure.NeedPerson.Append(FetchExitCode.Usage).Select(c => (int)c).Order()],
                },
            },
        ],
    };

    /// <summary>The user's for pods, with ours, which win.</summary>
    private static SortedDictionary<string, string> Labels(V1Alpha1InferenceService service, IReadOnlyDictionary<string, string> own)
    {
        var labels = new SortedDictionary<string, string>(own.ToDictionary(), StringComparer.Ordinal);
        foreach (var (name, value) in service.Spec.PodTemplate?.Metadata?.Labels ?? new Dictionary<string, string>())
        {
            labels.TryAdd(name, value);
        }

        return labels;
    }

    /// <summary>What replicas want of each other is no matter of the fetch.</summary>
    private static JsonElement? NodeAffinity(JsonElement? affinity) => affinity is { ValueKind: JsonValueKind.Object } all && all.TryGetProperty("nodeAffinity", out var nodes)
        ? JsonSerializer.SerializeToElement(new JsonObject { ["nodeAffinity"] = JsonNode.Parse(nodes.GetRawText()) })
        : null;

    /// <summary>The service's processor and memory, with requests cut to what a fetch needs: it may have to run beside all replicas.</summary>
    private static V1ResourceRequirements? Resources(InferenceServiceSpec spec)
    {
        if (PodResources.Of(spec, accelerator: null) is not { } wished)
        {
            return null;
        }

        var requests = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var limits = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, most) in MostRequests)
        {
            if ((wished.Requests?.GetValueOrDefault(name) ?? wished.Limits?.GetValueOrDefault(name)) is { } request)
            {
                requests[name] = ResourceQuantity.TryParse(request, out var amount) && amount > ResourceQuantity.Parse(most) ? most : request;
            }

            if (wished.Limits?.GetValueOrDefault(name) is { } limit)
            {
                limits[name] = limit;
            }
        }

        return requests.Count == 0 ? null : new V1ResourceRequirements { Requests = requests, Limits = limits.Count > 0 ? limits : null };
    }
}
