using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>Resources of the serving container.</summary>
public sealed record ResourceRequirementsSpec
{
    /// <summary>What the scheduler reserves.</summary>
    [Schema(MaxProperties = 16)]
    public IReadOnlyDictionary<string, WrittenQuantity>? Requests { get; init; }

    /// <summary>What the container may use at most.</summary>
    [Schema(MaxProperties = 16)]
    public IReadOnlyDictionary<string, WrittenQuantity>? Limits { get; init; }
}
