using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>Accelerators of each replica.</summary>
public sealed record AcceleratorSpec
{
    /// <summary>The default of <see cref="Resource"/>.</summary>
    public const string DefaultResource = "nvidia.com/gpu";

    /// <summary>Extended resource that nodes offer.</summary>
    [Schema(MinLength = 1, MaxLength = 253, DefaultJson = "\"" + DefaultResource + "\"")]
    [ValidationRule("self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$')",
        "resource must be an extended resource with its domain, such as nvidia.com/gpu or nvidia.com/mig-1g.10gb")]
    public string? Resource { get; init; }

    /// <summary>Accelerators of one replica on each of its nodes.</summary>
    [Schema(Minimum = 1, Maximum = 64, DefaultJson = "1")]
    public int? Count { get; init; }

    /// <summary>
    /// Nodes that one replica spans, where its model needs more accelerators than one node has. More than one needs the LeaderWorkerSet API in the cluster, and
    /// cannot become one later, nor one more. Absent: 1.
    /// </summary>
    [Schema(Minimum = 1, Maximum = 64)]
    public int? Nodes { get; init; }

    /// <summary>Labels of nodes that are suitable.</summary>
    [Schema(MaxProperties = 32, ItemMaxLength = 63)]
    public IReadOnlyDictionary<string, string>? NodeSelector { get; init; }

    /// <summary>Taints that the pods tolerate.</summary>
    [Schema(MaxItems = 32, ListType = "atomic")]
    public IReadOnlyList<TolerationSpec>? Tolerations { get; init; }

    /// <summary>RuntimeClass of the pods.</summary>
    [Schema(MinLength = 1, MaxLength = 253)]
    public string? RuntimeClassName { get; init; }
}

/// <summary>A taint that is tolerated.</summary>
[ValidationRule("!(has(self.operator) && self.operator == 'Exists' && has(self.value) && self.value != '')", "operator Exists takes no value", FieldPath = ".value")]
[ValidationRule("(has(self.key) && self.key != '') || (has(self.operator) && self.operator == 'Exists')", "without a key the operator must be Exists", FieldPath = ".operator")]
[ValidationRule("!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')", "tolerationSeconds needs the effect NoExecute", FieldPath = ".effect")]
public sealed record TolerationSpec
{
    /// <summary>Key of the taint; absent with operator Exists: every taint.</summary>
    [Schema(MaxLength = 317)]
    public string? Key { get; init; }

    /// <summary>How key and value are compared.</summary>
    [Schema(Enum = ["Exists", "Equal"])]
    public string? Operator { get; init; }

    /// <summary>Value of the taint, for operator Equal.</summary>
    [Schema(MaxLength = 63)]
    public string? Value { get; init; }

    /// <summary>Effect of the taint; absent: every effect.</summary>
    [Schema(Enum = ["NoSchedule", "PreferNoSchedule", "NoExecute"])]
    public string? Effect { get; init; }

    /// <summary>How long a NoExecute taint is tolerated.</summary>
    public long? TolerationSeconds { get; init; }
}
