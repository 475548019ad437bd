namespace Octavo.Operator.Entities;

/// <summary>Accelerators that the service needs, and that nodes have free for it.</summary>
public sealed record AcceleratorStatus
{
    /// <summary>The extended resource.</summary>
    public string? Resource { get; init; }

    /// <summary>Accelerators of all wanted replicas.</summary>
    public int? Needed { get; init; }

    /// <summary>Accelerators that no pod requests, on nodes that suit; absent where nodes cannot be read.</summary>
    public int? Free { get; init; }
}
