using Octavo.Operator.Entities;

namespace Octavo.Operator.Workloads;

/// <summary>Which kind of workload a service has.</summary>
internal sealed class ServingWorkloads(DeploymentWorkload deployments)
{
    public IServingWorkload For(V1Alpha1InferenceService service) => deployments;
}
