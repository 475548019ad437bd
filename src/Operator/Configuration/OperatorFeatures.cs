using Octavo.Operator.Autoscaling;
using Octavo.Operator.Controller;
using Octavo.Operator.Deletion;
using Octavo.Operator.Disruption;
using Octavo.Operator.Integrations;
using Octavo.Operator.Permissions;
using Octavo.Operator.Rollout;
using Octavo.Operator.Sidecar;
using Octavo.Operator.Storage;

namespace Octavo.Operator.Configuration;

/// <summary>The features that the operator consists of.</summary>
internal static class OperatorFeatures
{
    /// <summary>All of them, with their defaults.</summary>
    public static IReadOnlyList<IOperatorFeature> Create() =>
    [
        new StatusFeature(), new StorageFeature(), new FillFeature(), new WorkloadFeature(), new RolloutFeature(), new DisruptionFeature(), new AutoscalingFeature(), new MonitoringFeature(),
        new GatewayRoutingFeature(), new SidecarFeature(), new DeletionFeature(),
    ];

    /// <summary>What all of them need.</summary>
    public static IReadOnlyList<Permission> Permissions(IEnumerable<IOperatorFeature> features) => [.. features.SelectMany(f => f.Permissions)];
}
