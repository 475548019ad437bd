using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>The program that serves the model, and its settings.</summary>
[ValidationRule("!has(self.dialect) || self.dialect == 'Octavo' || has(self.image)",
    "the dialects VLLM and SGLang need an image: the operator's default image speaks Octavo", Reason = "FieldValueRequired", FieldPath = ".image")]
[ValidationRule("!has(self.dialect) || self.dialect == 'Octavo' || !has(self.engine) || !(has(self.engine.maxNumQueuedRequests) || has(self.engine.cpuThreads))",
    "engine.maxNumQueuedRequests and engine.cpuThreads are settings of the dialect Octavo alone", Reason = "FieldValueForbidden", FieldPath = ".engine")]
[ValidationRule("!has(self.engine) || !has(self.engine.dtype) || self.engine.dtype != 'float16' || (has(self.dialect) && self.dialect != 'Octavo')",
    "dtype float16 needs the dialect VLLM or SGLang", FieldPath = ".engine.dtype")]
public sealed record RuntimeSpec
{
    /// <summary>Container image of the serving runtime. Absent: the operator's default, pinned when the pod template is first made, so that an operator upgrade alone rolls nothing.</summary>
    [Schema(MinLength = 1, MaxLength = 1024)]
    public string? Image { get; init; }

    /// <summary>Whose flags the image takes, and whose metrics and probes it has: those of Octavo's own runtime, of vLLM or of SGLang. Absent: Octavo.</summary>
    [Schema(Enum = ["Octavo", "VLLM", "SGLang"])]
    public string? Dialect { get; init; }

    /// <summary>When the kubelet pulls the image.</summary>
    [Schema(Enum = ["Always", "IfNotPresent", "Never"])]
    public string? ImagePullPolicy { get; init; }

    /// <summary>Settings of the engine, in vLLM's terms. Absent fields keep the runtime's own defaults.</summary>
    public EngineSpec? Engine { get; init; }

    /// <summary>Size of /dev/shm, in memory, which processes of one replica share; it counts towards the container's memory limit. Absent: the dialect's own choice.</summary>
    [ValidationRule(WrittenQuantity.Positive, "sharedMemory must be more than 0")]
    public WrittenQuantity? SharedMemory { get; init; }

    /// <summary>Further command-line arguments, after those that the operator writes.</summary>
    [Schema(MaxItems = 64, ItemMaxLength = 4096, ListType = "atomic")]
    public IReadOnlyList<string>? Args { get; init; }

    /// <summary>Further environment variables of the serving container.</summary>
    [Schema(MaxItems = 64, ListType = "map", ListMapKeys = ["name"])]
    public IReadOnlyList<EnvVarSpec>? Env { get; init; }
}
