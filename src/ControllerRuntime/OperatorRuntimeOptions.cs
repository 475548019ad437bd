using Octavo.ControllerRuntime.LeaderElection;

namespace Octavo.ControllerRuntime;

/// <summary>What holds for an operator as a whole.</summary>
public sealed class OperatorRuntimeOptions
{
    /// <summary>Names the operator in events; the default name of its lease.</summary>
    public string Name { get; set; } = "operator";

    /// <summary>The namespace that informers watch where they name none; null: all.</summary>
    public string? Namespace { get; set; }

    public LeaderElectionOptions LeaderElection { get; set; } = new();

    /// <summary>Only where no IKubernetesClient is registered; as for <see cref="Octavo.KubernetesClient.KubernetesClientConfiguration.Load(string?)"/>.</summary>
    public string? KubeConfigPath { get; set; }
}
