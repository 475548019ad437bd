namespace Octavo.LocalCluster.ApiServer.Protobuf;

/// <summary>
/// The messages of the kinds that kubectl 1.32 sends as protobuf. Field numbers are those of the public generated.proto files
/// of k8s.io/api and k8s.io/apimachinery.
/// </summary>
internal static class ProtobufMessages
{
    private static readonly ProtobufMessage TimeMessage = new((1, "seconds", ProtobufType.Number)) { Collapse = ProtobufType.Time };

    private static readonly ProtobufMessage Quantity = new((1, "string", ProtobufType.Text)) { Collapse = q => q["string"]?.DeepClone() ?? "0" };

    private static readonly ProtobufMessage OwnerReference = new(
        (1, "kind", ProtobufType.Text), (3, "name", ProtobufType.Text), (4, "uid", ProtobufType.Text), (5, "apiVersion", ProtobufType.Text),
        (6, "controller", ProtobufType.OptionalFlag), (7, "blockOwnerDeletion", ProtobufType.OptionalFlag));

    private static readonly ProtobufMessage Meta = new(
        (1, "name", ProtobufType.Text), (2, "generateName", ProtobufType.Text), (3, "namespace", ProtobufType.Text), (5, "uid", ProtobufType.Text),
        (6, "resourceVersion", ProtobufType.Text), (8, "creationTimestamp", ProtobufType.Of(() => TimeMessage)),
        (11, "labels", ProtobufType.TextMap), (12, "annotations", ProtobufType.TextMap),
        (13, "ownerReferences", ProtobufType.ListOf(() => OwnerReference)), (14, "finalizers", ProtobufType.Texts));

    private static readonly ProtobufMessage LocalReference = new((1, "name", ProtobufType.Text));

    private static readonly ProtobufMessage ObjectReference = new(
        (1, "kind", ProtobufType.Text), (2, "namespace", ProtobufType.Text), (3, "name", ProtobufType.Text), (4, "uid", ProtobufType.Text),
        (5, "apiVersion", ProtobufType.Text));

    private static readonly ProtobufMessage Requirement = new(
        (1, "key", ProtobufType.Text), (2, "operator", ProtobufType.Text), (3, "values", ProtobufType.Texts));

    private static readonly ProtobufMessage Selector = new(
        (1, "matchLabels", ProtobufType.TextMap), (2, "matchExpressions", ProtobufType.ListOf(() => Requirement)));

    private static readonly ProtobufMessage Port = new(
        (1, "name", ProtobufType.Text), (2, "hostPort", ProtobufType.Number), (3, "containerPort", ProtobufType.Number),
        (4, "protocol", ProtobufType.Text), (5, "hostIP", ProtobufType.Text));

    private static readonly ProtobufMessage EnvVar = new((1, "name", ProtobufType.Text), (2, "value", ProtobufType.Text));

    private static readonly ProtobufMessage Resources = new(
        (1, "limits", ProtobufType.MapOf(() => Quantity)), (2, "requests", ProtobufType.MapOf(() => Quantity)));

    private static readonly ProtobufMessage Container = new(
        (1, "name", ProtobufType.Text), (2, "image", ProtobufType.Text), (3, "command", ProtobufType.Texts), (4, "args", ProtobufType.Texts),
        (5, "workingDir", ProtobufType.Text), (6, "ports", ProtobufType.ListOf(() => Port)), (7, "env", ProtobufType.ListOf(() => EnvVar)),
        (8, "resources", ProtobufType.Of(() => Resources)), (13, "terminationMessagePath", ProtobufType.Text),
        (14, "imagePullPolicy", ProtobufType.Text), (16, "stdin", ProtobufType.Flag), (18, "tty", ProtobufType.Flag));

    private static readonly ProtobufMessage PodSpec = new(
        (2, "containers", ProtobufType.ListOf(() => Container)), (3, "restartPolicy", ProtobufType.Text),
        (4, "terminationGracePeriodSeconds", ProtobufType.OptionalNumber), (6, "dnsPolicy", ProtobufType.Text),
        (7, "nodeSelector", ProtobufType.TextMap), (8, "serviceAccountName", ProtobufType.Text), (10, "nodeName", ProtobufType.Text),
        (19, "schedulerName", ProtobufType.Text), (20, "initContainers", ProtobufType.ListOf(() => Container)));

    private static readonly ProtobufMessage PodTemplate = new(
        (1, "metadata", ProtobufType.Of(() => Meta)), (2, "spec", ProtobufType.Of(() => PodSpec)));

    private static readonly ProtobufMessage DeploymentSpec = new(
        (1, "replicas", ProtobufType.OptionalNumber), (2, "selector", ProtobufType.Of(() => Selector)),
        (3, "template", ProtobufType.Of(() => PodTemplate)), (5, "minReadySeconds", ProtobufType.Number));

    private static readonly ProtobufMessage JobSpec = new(
        (1, "parallelism", ProtobufType.OptionalNumber), (2, "completions", ProtobufType.OptionalNumber),
        (3, "activeDeadlineSeconds", ProtobufType.OptionalNumber), (4, "selector", ProtobufType.Of(() => Selector)),
        (5, "manualSelector", ProtobufType.OptionalFlag), (6, "template", ProtobufType.Of(() => PodTemplate)),
        (7, "backoffLimit", ProtobufType.OptionalNumber), (8, "ttlSecondsAfterFinished", ProtobufType.OptionalNumber));

    private static readonly ProtobufMessage AutoscalerSpec = new(
        (1, "scaleTargetRef", ProtobufType.Of(() => ScaleTarget!)), (2, "minReplicas", ProtobufType.OptionalNumber),
        (3, "maxReplicas", ProtobufType.Number), (4, "targetCPUUtilizationPercentage", ProtobufType.OptionalNumber));

    private static readonly ProtobufMessage ScaleTarget = new(
        (1, "kind", ProtobufType.Text), (2, "name", ProtobufType.Text), (3, "apiVersion", ProtobufType.Text));

    private static readonly ProtobufMessage ResourceAttributes = new(
        (1, "namespace", ProtobufType.Text), (2, "verb", ProtobufType.Text), (3, "group", ProtobufType.Text), (4, "version", ProtobufType.Text),
        (5, "resource", ProtobufType.Text), (6, "subresource", ProtobufType.Text), (7, "name", ProtobufType.Text));

    private static readonly ProtobufMessage NonResourceAttributes = new((1, "path", ProtobufType.Text), (2, "verb", ProtobufType.Text));

    private static readonly ProtobufMessage AccessReviewSpec = new(
        (1, "resourceAttributes", ProtobufType.Of(() => ResourceAttributes)),
        (2, "nonResourceAttributes", ProtobufType.Of(() => NonResourceAttributes)));

    private static readonly ProtobufMessage BoundObject = new(
        (1, "kind", ProtobufType.Text), (2, "apiVersion", ProtobufType.Text), (3, "name", ProtobufType.Text), (4, "uid", ProtobufType.Text));

    private static readonly ProtobufMessage TokenRequestSpec = new(
        (1, "audiences", ProtobufType.Texts), (3, "boundObjectRef", ProtobufType.Of(() => BoundObject)),
        (4, "expirationSeconds", ProtobufType.OptionalNumber));

    private static readonly Dictionary<(string, string), ProtobufMessage> Kinds = new()
    {
        [("v1", "Namespace")] = Plain(),
        [("v1", "ConfigMap")] = Plain((2, "data", ProtobufType.TextMap), (3, "binaryData", ProtobufType.DataMap), (4, "immutable", ProtobufType.OptionalFlag)),
        [("v1", "Secret")] = Plain(
            (2, "data", ProtobufType.DataMap), (3, "type", ProtobufType.Text), (4, "stringData", ProtobufType.TextMap),
            (5, "immutable", ProtobufType.OptionalFlag)),
        [("v1", "ServiceAccount")] = Plain(
            (2, "secrets", ProtobufType.ListOf(() => ObjectReference)), (3, "imagePullSecrets", ProtobufType.ListOf(() => LocalReference)),
            (4, "automountServiceAccountToken", ProtobufType.OptionalFlag)),
        [("apps/v1", "Deployment")] = Plain((2, "spec", ProtobufType.Of(() => DeploymentSpec))),
        [("batch/v1", "Job")] = Plain((2, "spec", ProtobufType.Of(() => JobSpec))),
        [("autoscaling/v1", "HorizontalPodAutoscaler")] = Plain((2, "spec", ProtobufType.Of(() => AutoscalerSpec))),
        [("authorization.k8s.io/v1", "SelfSubjectAccessReview")] = Plain((2, "spec", ProtobufType.Of(() => AccessReviewSpec))),
        [("authorization.k8s.io/v1", "SelfSubjectRulesReview")] = Plain((2, "spec", ProtobufType.Of(() => LocalNamespace!))),
        [("authentication.k8s.io/v1", "SelfSubjectReview")] = Plain(),
        [("authentication.k8s.io/v1", "TokenRequest")] = Plain((2, "spec", ProtobufType.Of(() => TokenRequestSpec))),
    };

    private static readonly ProtobufMessage LocalNamespace = new((1, "namespace", ProtobufType.Text));

    public static ProtobufMessage? Find(string apiVersion, string kind) => Kinds.GetValueOrDefault((apiVersion, kind));

    private static ProtobufMessage Plain(params (int, string, ProtobufType)[] fields) =>
        new([(1, "metadata", ProtobufType.Of(() => Meta)), .. fields]);
}
