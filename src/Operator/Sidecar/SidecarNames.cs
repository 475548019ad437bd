namespace Octavo.Operator.Sidecar;

/// <summary>What users write on a Deployment's pod template, and how what is put into it is called.</summary>
internal static class SidecarNames
{
    /// <summary>Field manager of what is put into Deployments of others, so that it can be taken out again and nothing else with it.</summary>
    public const string FieldManager = "octavo-sidecar";

    /// <summary>Annotation on the pod template: the InferenceService, in the same namespace, whose model is to be served.</summary>
    public const string Inject = "serving.octavo.dev/inject";

    /// <summary>Annotation on the pod template: the port on 127.0.0.1. Default: <see cref="SidecarRequest.DefaultPort"/>.</summary>
    public const string InjectPort = "serving.octavo.dev/inject-port";

    /// <summary>Annotation that is put on the pod template: the hash of what was put in, by which pods tell what they have.</summary>
    public const string Injected = "serving.octavo.dev/injected";

    /// <summary>Annotation that is put on the Deployment: a <see cref="SidecarRecord"/>.</summary>
    public const string Record = "serving.octavo.dev/injected-record";

    /// <summary>Of the init container that makes the model's files present.</summary>
    public const string ModelContainer = Prefix + "model";

    /// <summary>Of the native sidecar that serves the model.</summary>
    public const string ServingContainer = Prefix + "serving";

    /// <summary>Begins the names of containers and volumes, so that they are none of the user's.</summary>
    public const string Prefix = "octavo-";

    private const string Domain = "serving.octavo.dev/";

    /// <summary>An annotation that this feature reads or writes.</summary>
    public static bool IsAnnotation(string name) => name is Inject or InjectPort or Injected or Record;

    /// <summary>Whether a field as conflicts print it belongs to what was put in, whole: nothing of the user's is in it.</summary>
    public static bool IsOwnField(string field) =>
        field.StartsWith($".spec.template.spec.initContainers[name=\"{ModelContainer}\"]", StringComparison.Ordinal)
        || field.StartsWith($".spec.template.spec.initContainers[name=\"{ServingContainer}\"]", StringComparison.Ordinal)
        || field.StartsWith($".spec.template.spec.volumes[name=\"{Prefix}", StringComparison.Ordinal)
        || field.StartsWith(".metadata.annotations." + Domain, StringComparison.Ordinal)
        || field.StartsWith(".spec.template.metadata.annotations." + Domain, StringComparison.Ordinal);
}
