using Octavo.ControllerRuntime.Cache;
using Octavo.ControllerRuntime.LeaderElection;

namespace Octavo.ControllerRuntime;

/// <summary>What holds for an operator as a whole.</summary>
public sealed class OperatorRuntimeOptions
{
    /// <summary>Names the operator in events and as the manager of fields; the default name of its lease.</summary>
    public string Name { get; set; } = "operator";

    /// <summary>What informers of namespaced kinds watch where they are given no options.</summary>
    public NamespaceScope Namespaces { get; set; } = NamespaceScope.All;

    public LeaderElectionOptions LeaderElection { get; set; } = new();

    /// <summary>Only where no IKubernetesClient is registered; as for <see cref="Octavo.KubernetesClient.KubernetesClientConfiguration.Load(string?)"/>.</summary>
    public string? KubeConfigPath { get; set; }
}
