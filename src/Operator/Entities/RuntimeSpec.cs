using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>The program that serves the model, and its settings.</summary>
public sealed record RuntimeSpec
{
    /// <summary>Container image of the serving runtime. Absent: the operator's default, pinned when the pod template is first made, so that an operator upgrade alone rolls nothing.</summary>
    [Schema(MinLength = 1, MaxLength = 1024)]
    public string? Image { get; init; }

    /// <summary>When the kubelet pulls the image.</summary>
    [Schema(Enum = ["Always", "IfNotPresent", "Never"])]
    public string? ImagePullPolicy { get; init; }

    /// <summary>Settings of the engine, in vLLM's terms. Absent fields keep the runtime's own defaults.</summary>
    public EngineSpec? Engine { get; init; }

    /// <summary>Further command-line arguments, after those that the operator writes.</summary>
    [Schema(MaxItems = 64, ItemMaxLength = 4096, ListType = "atomic")]
    public IReadOnlyList<string>? Args { get; init; }

    /// <summary>Further environment variables of the serving container.</summary>
    [Schema(MaxItems = 64, ListType = "map", ListMapKeys = ["name"])]
    public IReadOnlyList<EnvVarSpec>? Env { get; init; }
}
