using Octavo.KubernetesClient.Models;
using Octavo.Operator.Entities;
using Octavo.Operator.Resources;

namespace Octavo.Operator.Dialects;

/// <summary>How one kind of serving runtime is started, asked and ended. Pure: what it gives depends on the inputs alone.</summary>
internal interface IRuntimeDialect
{
    /// <summary>As spec.runtime.dialect names it, and the gateway reads it.</summary>
    string Name { get; }

    /// <summary>Whose metrics its replicas have, as endpoint pickers of the Gateway API know them.</summary>
    string EngineType { get; }

    /// <summary>Whether its image fetches models too, or the operator's own image does.</summary>
    bool HasFetch { get; }

    /// <summary>What of the spec the runtime cannot do; null: nothing.</summary>
    string? Refusal(InferenceServiceSpec spec);

    /// <summary>Null: the image's own entry point.</summary>
    IReadOnlyList<string>? Command(PodTemplateInputs inputs);

    IReadOnlyList<string> Arguments(PodTemplateInputs inputs);

    /// <summary>Variables before the user's; the user's win where the name is the same, but for those of <see cref="OwnVariables"/>.</summary>
    IReadOnlyList<V1EnvVar> Environment(PodTemplateInputs inputs);

    /// <summary>Names that the user cannot set, since the command line depends on them.</summary>
    IReadOnlyList<string> OwnVariables { get; }

    /// <summary>Whether its processes share memory in /dev/shm though nobody asked for a size of it.</summary>
    bool NeedsSharedMemory { get; }

    RuntimeProbes Probes(PodTemplateInputs inputs);

    RuntimeEnding Ending(PodTemplateInputs inputs);
}
