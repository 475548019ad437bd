using Octavo.Operator.Rollout;

namespace Octavo.Operator.Planning;

/// <summary>What a change does to requests.</summary>
/// <param name="Level">None, Reduced (fewer replicas answer for a while) or Full (for a while nobody does).</param>
/// <param name="Why">A sentence.</param>
internal sealed record Interruption(string Level, string Why)
{
    public const string None = "None";
    public const string Reduced = "Reduced";
    public const string Full = "Full";

    /// <param name="isNew">The service does not exist yet.</param>
    /// <param name="ready">Replicas that answer now.</param>
    /// <param name="total">Replicas that exist now.</param>
    /// <param name="desired">Replicas that are wanted.</param>
    /// <param name="mode">How pods are replaced; null: none is.</param>
    /// <param name="seconds">How long the last start of a replica took; null: not known.</param>
    public static Interruption Of(bool isNew, int ready, int total, int desired, RolloutMode? mode, int? seconds)
    {
        var time = seconds is { } known ? $", for about {known} s as at the last start" : "";
        return (isNew, ready, desired, mode) switch
        {
            (true, _, _, _) => new(None, "the service is new"),
            (_, 0, _, _) => new(None, "no replica answers now"),
            (_, _, 0, _) => new(Full, "no replica is wanted any more"),
            (_, _, _, null) => new(None, "no pod is replaced"),
            (_, _, _, RolloutMode.Surge) => new(None, "a new replica is ready before an old one goes"),
            _ when Math.Min(total, desired) == 1 => new(Full, $"the only replica drains before its successor starts{time}"),
            _ => new(Reduced, $"one of {Math.Min(total, desired)} replicas at a time is replaced{time}"),
        };
    }
}
