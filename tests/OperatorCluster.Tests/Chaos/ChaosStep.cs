using Octavo.LocalCluster.ApiServer.Faults;

namespace Octavo.OperatorCluster.Tests.Chaos;

/// <summary>What is done to the cluster at one moment. A step that finds nothing to do it to does nothing.</summary>
internal abstract record ChaosStep
{
    /// <summary>Creates the service, or changes what it says.</summary>
    public sealed record Wish(string Service, ServiceWish Wanted) : ChaosStep;

    public sealed record DeleteService(string Service) : ChaosStep;

    /// <summary>Another deletes one of the service's pods, politely.</summary>
    public sealed record DeletePod(string Service, int Index) : ChaosStep;

    /// <summary>Another changes a field of the Deployment that the operator owns.</summary>
    public sealed record Drift(string Service) : ChaosStep;

    public sealed record FailNode(string Node) : ChaosStep;

    public sealed record RecoverNodes : ChaosStep;

    /// <summary>The leader can no longer reach the API server, for this many hurried seconds.</summary>
    public sealed record PartitionLeader(int Seconds) : ChaosStep;

    /// <summary>The leader ends as a process does that is killed: nothing is given back. Another starts, perhaps a newer version with another default image.</summary>
    public sealed record KillLeader(bool Upgrades) : ChaosStep;

    /// <summary>The API server forgets its history, so watches from older revisions end with 410.</summary>
    public sealed record Compact : ChaosStep;

    /// <summary>From now on requests of the operators go wrong in this way, with this share.</summary>
    public sealed record Storm(FaultKind Kind, double Rate, IReadOnlyList<string> Verbs) : ChaosStep;

    public sealed record Calm : ChaosStep;
}
