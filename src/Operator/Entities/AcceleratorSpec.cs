using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>Accelerators of each replica.</summary>
public sealed record AcceleratorSpec
{
    /// <summary>The default of <see cref="Resource"/>.</summary>
    public const string DefaultResource = "nvidia.com/gpu";

    /// <summary>Extended resource that nodes offer.</summary>
    [Schema(MinLength = 1, MaxLength = 253, DefaultJson = "\"" + DefaultResource + "\"")]
    public string? Resource { get; init; }

    /// <summary>Accelerators of one replica.</summary>
    [Schema(Minimum = 1, Maximum = 64, DefaultJson = "1")]
    public int? Count { get; init; }

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
