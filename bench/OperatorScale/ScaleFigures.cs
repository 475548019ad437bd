namespace Octavo.OperatorScale;

/// <summary>What was measured.</summary>
internal sealed record ScaleFigures
{
    public required int Services { get; init; }
    public required int Pods { get; init; }
    public required int Nodes { get; init; }

    /// <summary>From the first creation until the last service is Ready.</summary>
    public required double SecondsToConverge { get; init; }

    /// <summary>From the first creation until the operator has nothing left to say.</summary>
    public required double SecondsToQuiet { get; init; }

    public required double OperatorCpuSecondsToConverge { get; init; }
    public required double OperatorMebibytesAfter { get; init; }
    public required double Reconciles { get; init; }
    public required double ReconcileP50Milliseconds { get; init; }
    public required double ReconcileP99Milliseconds { get; init; }
    public required double QueueP99Milliseconds { get; init; }

    /// <summary>Requests of the operator until all was ready, watches included.</summary>
    public required int RequestsToConverge { get; init; }

    public required double SteadySeconds { get; init; }

    /// <summary>Requests of the operator in that time: its lease, and watches that are opened again.</summary>
    public required int SteadyRequests { get; init; }

    public required int SteadyWrites { get; init; }
    public required double SteadyCpuPercent { get; init; }
    public required double OperatorMebibytesSteady { get; init; }

    /// <summary>API server, controllers and hollow nodes together, with everything in memory.</summary>
    public required double ClusterMebibytes { get; init; }
}
