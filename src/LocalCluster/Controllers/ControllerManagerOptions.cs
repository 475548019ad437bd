namespace Octavo.LocalCluster.Controllers;

/// <summary>The controllers' settings; tests shorten the waits.</summary>
public sealed record ControllerManagerOptions
{
    /// <summary>PEM; goes into every namespace as <c>kube-root-ca.crt</c>.</summary>
    public string CertificateAuthority { get; init; } = "";

    /// <summary>Wait of a job after its first failed pod; doubles with each.</summary>
    public TimeSpan JobFailureBackOff { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a node may be silent before it counts as lost.</summary>
    public TimeSpan NodeGracePeriod { get; init; } = TimeSpan.FromSeconds(50);

    /// <summary>How long after a Node was deleted the pods on it are given up.</summary>
    public TimeSpan OrphanedPodQuarantine { get; init; } = TimeSpan.FromSeconds(40);

    public int WorkersPerController { get; init; } = 2;
}
