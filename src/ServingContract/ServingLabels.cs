namespace Octavo.ServingContract;

/// <summary>Labels and annotations by which gateway and operator find replicas.</summary>
public static class ServingLabels
{
    public const string Group = "serving.octavo.dev";

    /// <summary>Label on Deployment, Pod, Service and EndpointSlice: the InferenceService's name.</summary>
    public const string InferenceService = "serving.octavo.dev/inference-service";

    /// <summary>Annotation on the Service: the names under which the model is served, separated by commas; the first is the canonical one.</summary>
    public const string ModelNames = "serving.octavo.dev/model-names";

    /// <summary>Annotation on the Service: flags and metric names of the runtime behind it (Octavo, VLLM, SGLang).</summary>
    public const string Dialect = "serving.octavo.dev/dialect";

    /// <summary>Label on Pod by which endpoint pickers of the Gateway API know whose metrics it has: vllm (Octavo's are the same) or sglang.</summary>
    public const string EngineType = "llm-d.ai/engine-type";

    /// <summary>The recommended label <c>app.kubernetes.io/name</c>.</summary>
    public const string AppName = "app.kubernetes.io/name";

    /// <summary>The recommended label <c>app.kubernetes.io/instance</c>.</summary>
    public const string AppInstance = "app.kubernetes.io/instance";

    /// <summary>The recommended label <c>app.kubernetes.io/managed-by</c>.</summary>
    public const string ManagedBy = "app.kubernetes.io/managed-by";
}
