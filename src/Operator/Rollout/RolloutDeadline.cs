namespace Octavo.Operator.Rollout;

/// <summary>How long a replica may take from its node to its being ready before its template counts as bad. Pure.</summary>
internal static class RolloutDeadline
{
    /// <summary>Where nothing is known: images and weights are large.</summary>
    public static readonly TimeSpan Unknown = TimeSpan.FromHours(1);

    /// <summary>Below this a cold image or a slow disk would look like a bad template.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMinutes(15);

    /// <summary>As long as the start-up probe waits: after it the kubelet restarts the container anyway.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(3);

    /// <summary>How much slower than the last one a start may be without being suspicious.</summary>
    private const int Patience = 5;

    /// <param name="requested">What the user says; taken as it is.</param>
    /// <param name="learned">How long the last replica took, without waiting for a node; null: none ever got ready.</param>
    /// <param name="isOtherModel">The template serves another model than that replica did: what was learned is only a lower bound.</param>
    public static TimeSpan Of(TimeSpan? requested, TimeSpan? learned, bool isOtherModel)
    {
        if (requested is { } said)
        {
            return said;
        }

        if (learned is not { } last)
        {
            return Unknown;
        }

        var patient = TimeSpan.FromTicks(Math.Clamp(last.Ticks * Patience, Shortest.Ticks, Longest.Ticks));
        return isOtherModel && patient < Unknown ? Unknown : patient;
    }
}
