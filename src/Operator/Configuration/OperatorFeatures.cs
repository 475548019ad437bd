using Octavo.Operator.Autoscaling;
using Octavo.Operator.Controller;

namespace Octavo.Operator.Configuration;

/// <summary>The features that the operator consists of.</summary>
internal static class OperatorFeatures
{
    /// <summary>All of them, with their defaults.</summary>
    public static IReadOnlyList<IOperatorFeature> Create() => [new StatusFeature(), new StorageFeature(), new WorkloadFeature(), new AutoscalingFeature()];
}
