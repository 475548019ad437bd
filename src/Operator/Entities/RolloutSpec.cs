using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>How replicas are replaced and ended.</summary>
public sealed record RolloutSpec
{
    /// <summary>How long a replica that is ended may go on with the requests it has. Absent: 30.</summary>
    [Schema(Minimum = 0, Maximum = 86_400)]
    public int? DrainSeconds { get; init; }
}
