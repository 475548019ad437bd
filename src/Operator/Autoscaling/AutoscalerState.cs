using Octavo.Operator.Entities;

namespace Octavo.Operator.Autoscaling;

/// <summary>What the autoscaler knows of one InferenceService.</summary>
internal sealed record AutoscalerState
{
    /// <summary>Entries that the status keeps.</summary>
    public const int KeptDecisions = 5;

    public required int Replicas { get; init; }
    public MetricsState? MetricsState { get; init; }

    /// <summary>Whether any replica was ready when it looked: without one there is no load to know.</summary>
    public bool AnyReady { get; init; }

    /// <summary>Targets of the spec that the replicas' metrics say nothing of, by field; null where there is none.</summary>
    public string? BlindTargets { get; init; }

    /// <summary>Changes of the number of replicas, newest first.</summary>
    public IReadOnlyList<ScalingDecision> Decisions { get; init; } = [];

    /// <summary>The loads of the last look, by pod: the worth of each as a victim.</summary>
    public IReadOnlyDictionary<string, ReplicaLoad> Loads { get; init; } = new Dictionary<string, ReplicaLoad>();

    /// <summary>Why the number is what it is now, also when it is held.</summary>
    public string? Message { get; init; }

    public ScalingHistory History { get; init; } = ScalingHistory.Empty;

    /// <summary>Takes up where an earlier life of the operator stopped; its decisions of the last minute still count against the limits.</summary>
    public static AutoscalerState Resume(int replicas, AutoscalingStatus? status) => new()
    {
        Replicas = replicas,
        Decisions = status?.History ?? [],
        History = ScalingHistory.Empty with
        {
            ReplicaPrefill = (status?.History ?? []).Select(d => d.Inputs?.ReplicaPrefillTokensPerSecond).FirstOrDefault(learned => learned is not null),
            Changes = [.. (status?.History ?? []).Reverse().Select(d => (d.At, d.To - d.From))],
        },
    };

    /// <summary>The state after a tick.</summary>
    public AutoscalerState After(ScalingOutcome outcome, IReadOnlyDictionary<string, ReplicaLoad> loads, DateTimeOffset now)
    {
        var decisions = Decisions;
        if (outcome.Replicas != Replicas)
        {
            var decision = new ScalingDecision { At = now, From = Replicas, To = outcome.Replicas, Reason = outcome.Reason, Message = outcome.Message, Inputs = outcome.Inputs };
            decisions = [.. Decisions.Prepend(decision).Take(KeptDecisions)];
        }

        return new AutoscalerState
        {
            Replicas = outcome.Replicas,
            MetricsState = outcome.MetricsState,
            BlindTargets = outcome.BlindTargets,
            AnyReady = outcome.Inputs.ReadyReplicas > 0,
            Decisions = decisions,
            Loads = loads,
            Message = outcome.Message,
            History = outcome.History,
        };
    }

    /// <summary>Whether a reconcile is needed to make the world know the difference.</summary>
    public bool Differs(AutoscalerState? before) =>
        before is null || Replicas != before.Replicas || MetricsState != before.MetricsState || AnyReady != before.AnyReady || BlindTargets != before.BlindTargets
        || Loads.Any(l => l.Value.WarmUpSeconds is not null && !before.Loads.ContainsKey(l.Key));
}
