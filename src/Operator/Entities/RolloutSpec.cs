using Octavo.Operator.CustomResources;

namespace Octavo.Operator.Entities;

/// <summary>How replicas are replaced and ended.</summary>
public sealed record RolloutSpec
{
    /// <summary>How long a replica that is ended may go on with the requests it has. Absent: 30.</summary>
    [Schema(Minimum = 0, Maximum = 86_400)]
    public int? DrainSeconds { get; init; }

    /// <summary>
    /// How replicas are replaced. Surge: a new one is made before an old one goes, which needs a spare accelerator. InPlace: an old one drains and goes first.
    /// Auto, and absent: Surge where a spare accelerator is proven, else InPlace.
    /// </summary>
    [Schema(Enum = ["Auto", "Surge", "InPlace"])]
    public string? Strategy { get; init; }

    /// <summary>
    /// How long a replica may take from its node to its being ready before its revision counts as failed and is rolled out no further. Absent: five times what the
    /// last start took, at least 15 minutes; 3600 where nothing was learned, since images and weights are large.
    /// </summary>
    [Schema(Minimum = 60, Maximum = 86_400)]
    public int? ProgressDeadlineSeconds { get; init; }

    /// <summary>
    /// When a new release of the operator may change the pods. Pinned, and absent: with the next change of this spec, and status.template tells what is pending.
    /// Automatic: at once, as a rollout.
    /// </summary>
    [Schema(Enum = ["Pinned", "Automatic"])]
    public string? TemplateUpdates { get; init; }
}
